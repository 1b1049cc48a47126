// Where tests seek to: random, but the same in every run.

/** `count` times below `durationSeconds`, forwards and backwards; two of them are in the last second. */
export function seekTimes(count: number, durationSeconds: number, seed: number): number[] {
  const random = mulberry32(seed);
  return Array.from({ length: count }, (_, index) => {
    const isLastSecond = index === Math.floor(count / 2) || index === count - 1;
    const share = random();
    const seconds = isLastSecond ? durationSeconds - 0.1 - share * 0.9 : share * (durationSeconds - 1);
    return Math.round(seconds * 1000) / 1000;
  });
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
