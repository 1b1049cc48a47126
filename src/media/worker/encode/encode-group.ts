// Encodes the frames of a constant frame grid, one closed group of pictures per segment. Every segment has an encoder of its own, so that its
// bytes depend on its frames alone; decoder and demuxer continue from segment to segment.
import { AppError } from '../../../base/app-error.ts';
import { withoutParameterSets } from '../../bitstream/nal-units.ts';
import type { EncodedVideo } from '../../model/rendition-track.ts';
import type { Sample, SampleRun } from '../../model/samples.ts';
import type { EncoderHeader } from '../protocol/protocol.ts';
import type { CodedPicture, GroupEncoding, VideoEncoder } from './video-encoder.ts';

/** The decoded frames of a track on its grid. */
export interface FrameGrid<Frame> {
  /** The frame on screen at grid position `number`, valid until the next call. @throws the signal's reason */
  frame(number: number, signal: AbortSignal): Promise<Frame>;
}

export interface GroupSource<Frame> {
  grid: FrameGrid<Frame>;
  encoder: VideoEncoder<Frame>;
  track: EncodedVideo;
}

/**
 * Encodes frames `[start, end)` of the grid (in ticks: frame number times `frameRate.den`).
 * @throws AppError MEDIA_FAILED also when the encoder writes other parameter sets than `header`, which the init section states
 */
export async function encodeSegment<Frame>(
  source: GroupSource<Frame>,
  span: { start: number; end: number; header: EncoderHeader | undefined },
  signal: AbortSignal,
): Promise<SampleRun> {
  const tick = source.track.frameRate.den;
  const first = span.start / tick;
  const numbers = Array.from({ length: span.end / tick - first }, (_, index) => first + index);
  const pictures = await encodeGroup(source, { numbers, isInsert: false, header: span.header }, signal);
  const samples = pictures.map(({ index, ...picture }): Sample => ({ ...picture, pts: (first + index) * tick }));
  return { timescale: source.track.frameRate.num, start: span.start, end: span.end, samples };
}

/** A coded picture; results are in decode order. `index`: the index of its frame in the request. */
export type EncodedPicture = Omit<Sample, 'pts'> & { index: number };

/** Encodes frames of the grid, each with the duration of one frame; the first becomes an IDR picture. */
export async function encodeGroup<Frame>(
  { grid, encoder, track }: GroupSource<Frame>,
  group: { numbers: readonly number[]; isInsert: boolean; header: EncoderHeader | undefined },
  signal: AbortSignal,
): Promise<EncodedPicture[]> {
  const { numbers, isInsert, header } = group;
  const first = numbers[0] ?? 0;
  await grid.frame(first, signal);
  const effort = first * track.frameRate.den < track.fastPresetEnd ? 'fast' : 'normal';
  using encoding = await encoder.open(track, { effort, isInsert });
  if (header) assertHeader(encoding, header);
  const coded: CodedPicture[] = [];
  for (const number of numbers) coded.push(...(await encoding.encode(await grid.frame(number, signal))));
  coded.push(...(await encoding.finish()));
  return isInsert ? coded : coded.map((picture) => ({ ...picture, data: withoutParameterSets(picture.data, 'h264') }));
}

function assertHeader(encoding: GroupEncoding<unknown>, { configuration }: EncoderHeader): void {
  const stated = encoding.header?.configuration;
  if (stated && Buffer.compare(stated, configuration) === 0) return;
  throw new AppError('MEDIA_FAILED', 'The video encoder wrote other parameter sets than before');
}
