// Order and concurrency of requests: a seeded shuffle, and a pool of limited width.

/** The same order for the same seed, on every machine. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const order = [...items];
  let state = seed >>> 0;
  for (let left = order.length; left > 1; left -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const chosen = Math.floor((state / 2 ** 32) * left);
    const moved = order[left - 1];
    const other = order[chosen];
    if (moved === undefined || other === undefined) break;
    order[left - 1] = other;
    order[chosen] = moved;
  }
  return order;
}

/** Runs `work` on every item, `width` at a time, started in order. Rejects with the first failure, after the other running calls have ended. */
export async function inPool<T>(items: Iterable<T>, width: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items[Symbol.iterator]();
  let failure: { error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true && failure === undefined; next = waiting.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  if (failure !== undefined) throw failure.error;
}
