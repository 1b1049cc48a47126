// Pieces of a film that lie so near to each other that one read for all of them is cheaper than one for each.
import type { ByteRange } from '../../base/byte-range.ts';

const NEAR_BYTES = 4096;
const MAX_READ_BYTES = 64 * 1024;

/** Groups of items that follow each other, in the same order. An item without a range is alone. */
export function* neighbours<T>(items: Iterable<T>, rangeOf: (item: T) => ByteRange | undefined): Generator<T[]> {
  let group: T[] = [];
  let span: ByteRange | undefined;
  for (const item of items) {
    const range = rangeOf(item);
    const gap = (range?.start ?? Infinity) - (span?.end ?? -Infinity);
    if (span && range && gap >= 0 && gap <= NEAR_BYTES && range.end - span.start <= MAX_READ_BYTES) {
      group.push(item);
      span.end = range.end;
      continue;
    }
    if (group.length > 0) yield group;
    group = [item];
    span = range && { ...range };
  }
  if (group.length > 0) yield group;
}
