// Limits the number of keyframes: the table of an intra-only video would have a million entries, far denser than any cuts.

const MAX_KEYFRAMES = 65_536;

/** All keyframes; of too many, the first one and those at a minimum distance from each other. Ascending, in ticks, as given. */
export function thinnedKeyframes(keyframes: number[]): number[] {
  if (keyframes.length <= MAX_KEYFRAMES) return keyframes;
  const [first = 0] = keyframes;
  const distance = ((keyframes.at(-1) ?? first) - first) / MAX_KEYFRAMES;
  let next = first;
  return keyframes.filter((ticks) => {
    if (ticks < next) return false;
    next = ticks + distance;
    return true;
  });
}
