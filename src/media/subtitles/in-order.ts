// Which pieces of work come first, and a few of them at a time with their results in order.

/** From the first item that `isFirst` on, then around to those before it. */
export function rotated<T>(items: T[], isFirst: (item: T) => boolean): T[] {
  const at = items.findIndex(isFirst);
  return at <= 0 ? items : [...items.slice(at), ...items.slice(0, at)];
}

/** Keeps `width` pieces under way; ends the wait for all others when one fails. */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const flying: Promise<R>[] = [];
  for (const item of items) {
    const flight = work(item);
    // Looked at in its turn: a failure before that is not unhandled.
    flight.catch(() => undefined);
    flying.push(flight);
    if (flying.length < width) continue;
    const next = flying.shift();
    if (next) yield await next;
  }
  for (const flight of flying) yield await flight;
}
