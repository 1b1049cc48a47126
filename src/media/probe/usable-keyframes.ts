// Keyframes no denser than anybody cuts a film: one that consists of nothing else would have tables of a million.

const MAX_KEYFRAMES = 65_536;

/** All of them, or of very many those that keep a distance to each other, the first included. Ascending, in ticks, as given. */
export function usableKeyframes(keyframes: number[]): number[] {
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
