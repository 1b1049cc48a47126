// Ordered work: rotates a list to a first item, and runs a few items in parallel with results in order.

/** The items from the first that `isFirst` on, then the items before it. */
export function rotated<T>(items: T[], isFirst: (item: T) => boolean): T[] {
  const at = items.findIndex(isFirst);
  return at <= 0 ? items : [...items.slice(at), ...items.slice(0, at)];
}

/** Runs `width` items in parallel; yields results in order, and throws at the first failure. */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const flying: Promise<R>[] = [];
  for (const item of items) {
    const flight = work(item);
    // Awaited in its turn; a failure before that must not count as unhandled.
    flight.catch(() => undefined);
    flying.push(flight);
    if (flying.length < width) continue;
    const next = flying.shift();
    if (next) yield await next;
  }
  for (const flight of flying) yield await flight;
}
