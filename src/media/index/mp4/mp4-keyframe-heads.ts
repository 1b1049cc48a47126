// The first bytes of keyframes, found by the sample tables: enough to see what they are, without loading pictures.
import type { ByteRange } from '../../../base/byte-range.ts';
import { KEYFRAME_HEAD_BYTES, type ByteReader, type ReadKeyframeHeads } from '../container/container-index.ts';

/** Where tables tell the ranges of samples. `rangesOf` gives them for some keyframes. */
export function mp4KeyframeHeads(
  reader: ByteReader,
  rangesOf: (keyframes: readonly number[]) => (ByteRange | undefined)[],
): ReadKeyframeHeads {
  const read = async (range: ByteRange | undefined) =>
    range && reader.read({ start: range.start, end: Math.min(range.end, range.start + KEYFRAME_HEAD_BYTES) });
  return (keyframes) => Promise.all(rangesOf(keyframes).map(read));
}
