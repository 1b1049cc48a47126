// Groups byte ranges that lie so close to each other that one read for all is cheaper than one for each.
import type { ByteRange } from '../../base/byte-range.ts';

const MAX_GAP_BYTES = 4096;
const MAX_READ_BYTES = 64 * 1024;

/** Groups consecutive items, in the same order. An item without a range is a group of its own. */
export function* neighbours<T>(items: Iterable<T>, rangeOf: (item: T) => ByteRange | undefined): Generator<T[]> {
  let group: T[] = [];
  let span: ByteRange | undefined;
  for (const item of items) {
    const range = rangeOf(item);
    const gap = (range?.start ?? Infinity) - (span?.end ?? -Infinity);
    if (span && range && gap >= 0 && gap <= MAX_GAP_BYTES && range.end - span.start <= MAX_READ_BYTES) {
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
