// Reads the first bytes of keyframes, found by the sample tables: enough to classify them without loading whole frames.
import type { ByteRange } from '../../../base/byte-range.ts';
import { KEYFRAME_HEAD_BYTES, type ByteReader, type ReadKeyframeHeads } from '../container/container-index.ts';

/** A reader of heads. `rangesOf`: the byte ranges of keyframes by the sample tables. */
export function mp4KeyframeHeads(
  reader: ByteReader,
  rangesOf: (keyframes: readonly number[]) => (ByteRange | undefined)[],
): ReadKeyframeHeads {
  const read = async (range: ByteRange | undefined) =>
    range && reader.read({ start: range.start, end: Math.min(range.end, range.start + KEYFRAME_HEAD_BYTES) });
  return (keyframes) => Promise.all(rangesOf(keyframes).map(read));
}
