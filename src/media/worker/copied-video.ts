// The packets of one copied video segment: from its keyframe up to the next segment's, in decode order.
import { AppError } from '../../base/app-error.ts';
import type { Rational } from '../../base/rational.ts';
import { annexBToSample, isIdr, normalizeLengths } from '../bitstream/nal-units.ts';
import type { NalCodec } from '../bitstream/nal-units.ts';
import { toTimeline } from '../media-clock.ts';
import type { Sample, SampleRun } from '../samples.ts';
import type { DemuxedPacket, Demuxer } from './libav/demuxer.ts';
import type { CopiedVideo, Origin, SegmentJob } from './protocol.ts';

type VideoWish = NonNullable<SegmentJob['video']>;

/** Timestamps this near to the frame grid are on it: containers with a millisecond clock are off by half a tick of it. */
const GRID_TOLERANCE_SECONDS = 0.001;

/** One segment may hold this much and no more: a hostile table must not fill the memory. */
const MAX_SEGMENT_BYTES = 256 * 1024 * 1024;

interface CutPacket {
  pts: number;
  isKey: boolean;
  data: Uint8Array;
}

/** Collects the packets of `[cut.fromTicks, cut.toTicks)` from a demuxer that was sent to its start or before. */
export class CopiedVideoCollector {
  readonly #track: CopiedVideo;
  readonly #wish: VideoWish;
  readonly #toSample: (payload: Uint8Array) => Uint8Array;
  readonly #packets: CutPacket[] = [];
  #bytes = 0;
  isDone = false;

  constructor(demuxer: Demuxer, track: CopiedVideo, wish: VideoWish) {
    this.#track = track;
    this.#wish = wish;
    this.#toSample = payloadToSample(track.codec, demuxer.stream(track.streamIndex).codecpar.extradata);
  }

  get streamIndex(): number {
    return this.#track.streamIndex;
  }

  /** True when the demuxer is already past the wanted keyframe: it must be sent to an earlier place. */
  accept(packet: DemuxedPacket, demuxer: Demuxer): 'taken' | 'too-late' {
    const cut = this.#wish.cut;
    if (packet.isCorrupt) return 'taken';
    if (!cut || packet.pts === undefined)
      throw new AppError('UNSUPPORTED_MEDIA', 'The video has no timestamps to cut by.');
    if (this.#packets.length === 0) {
      if (!packet.isKey || packet.pts < cut.fromTicks) return 'taken';
      if (packet.pts > cut.fromTicks) return 'too-late';
    } else if (packet.isKey && cut.toTicks !== undefined && packet.pts >= cut.toTicks) {
      this.isDone = true;
      return 'taken';
    }
    this.#take(packet.pts, packet.isKey, this.#toSample(demuxer.payload));
    return 'taken';
  }

  #take(pts: number, isKey: boolean, data: Uint8Array): void {
    if (this.#packets.length === 0 && this.#track.mustBeIdr && !isIdr(data, 'h264')) {
      throw new AppError('UNSUPPORTED_MEDIA', 'The video cannot be cut here without decoding it.');
    }
    this.#bytes += data.byteLength;
    if (this.#bytes > MAX_SEGMENT_BYTES)
      throw new AppError('UNSUPPORTED_MEDIA', 'A piece of the video is too large to be copied.');
    this.#packets.push({ pts, isKey, data });
  }

  /** The source ends here: what there is of the segment is all of it. */
  finish(): void {
    this.isDone = !this.isEmpty;
  }

  get isEmpty(): boolean {
    return this.#packets.length === 0;
  }

  run(timeBase: Rational, origin: Origin): SampleRun {
    const { timescale, frameGrid } = this.#track;
    const exact = this.#packets.map((packet) => toTimeline(packet.pts, timeBase, { origin, timescale }));
    const times = (frameGrid && snapToGrid(exact, timescale, frameGrid)) ?? exact;
    const samples = this.#packets.map((packet, i): Sample => ({
      data: packet.data,
      pts: times[i] ?? 0,
      isSync: packet.isKey,
    }));
    return { timescale, start: this.#wish.start, end: this.#wish.end, samples };
  }
}

/** All timestamps moved onto the frame grid, or undefined when one of them is not near it or two would meet. */
function snapToGrid(times: number[], timescale: number, grid: Rational): number[] | undefined {
  const tolerance = GRID_TOLERANCE_SECONDS * timescale;
  const frames = new Set<number>();
  for (const time of times) {
    const frame = Math.round((time * grid.num) / (grid.den * timescale));
    if (Math.abs((frame * grid.den * timescale) / grid.num - time) > tolerance || frames.has(frame)) return undefined;
    frames.add(frame);
  }
  return [...frames].map((frame) => Math.round((frame * grid.den * timescale) / grid.num));
}

/** How a packet of this stream becomes a sample: start codes or short lengths turned into 4-byte lengths. */
export function payloadToSample(codec: string, extradata: Uint8Array | null): (payload: Uint8Array) => Uint8Array {
  const nalCodec = nalCodecOf(codec);
  if (!nalCodec) return (payload) => payload;
  const lengthSize = lengthSizeOf(nalCodec, extradata);
  return lengthSize === undefined ? annexBToSample : (payload) => normalizeLengths(payload, lengthSize);
}

export function nalCodecOf(codec: string): NalCodec | undefined {
  return codec === 'h264' || codec === 'hevc' ? codec : undefined;
}

/** ISO/IEC 14496-15: lengthSizeMinusOne of avcC (byte 4) or hvcC (byte 21); undefined for a stream with start codes. */
function lengthSizeOf(codec: NalCodec, extradata: Uint8Array | null): number | undefined {
  if (extradata?.[0] !== 1) return undefined;
  const byte = extradata[codec === 'h264' ? 4 : 21];
  return byte === undefined ? undefined : (byte & 3) + 1;
}
