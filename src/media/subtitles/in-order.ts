// A few pieces of work at a time, their results in order.

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
