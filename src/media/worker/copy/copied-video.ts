// Collects the packets of one copied video segment, from its keyframe up to the next segment's, in decode order. It also finds the pictures that
// cannot be copied, because they refer to pictures outside of the segment.
import { MIB } from '../../../base/units.ts';
import { AppError } from '../../../base/app-error.ts';
import type { Rational } from '../../../base/rational.ts';
import { payloadToSample } from '../../bitstream/decoding-start.ts';
import { isIdr } from '../../bitstream/nal-units.ts';
import { toTimeline } from '../../model/media-clock.ts';
import { firstDecodeTime } from '../../fmp4/decode-schedule.ts';
import type { Sample, SampleRun } from '../../model/samples.ts';
import type { DemuxedPacket } from '../libav/demux/demuxed-packet.ts';
import type { Demuxer } from '../libav/demux/demuxer.ts';
import type { CopiedVideo, Origin, VideoCut } from '../../model/rendition-track.ts';
import type { SegmentJob } from '../protocol/protocol.ts';

type VideoRequest = NonNullable<SegmentJob['video']>;

/** Timestamps this close to the frame grid lie on it: a millisecond clock rounds by up to half a tick. */
const GRID_TOLERANCE_SECONDS = 0.001;

/** The most bytes of a segment: a hostile table must not fill the memory. */
const MAX_SEGMENT_BYTES = 256 * MIB;

/** Parsers report corrupt packets one or two pictures late. */
const MAX_DOUBTFUL = 4;

interface CutPacket {
  pts: number;
  isKey: boolean;
  data: Uint8Array;
}

/** The collected run. Pictures outside of `copied`, samples `[from, to)`, must be encoded. */
export interface CopiedVideoRun {
  run: SampleRun;
  copied: { from: number; to: number };
  /** Whether the keyframe is missing in the source: then the keyframe before it is shown until the next. */
  isDamaged: boolean;
}

/**
 * Collects the packets of `[cut.fromTicks, cut.toTicks)` from a demuxer that was sought to its start or before.
 * If the cut must be an IDR picture and is not, the pictures up to the first IDR picture cannot be copied. The leading pictures of the cut are
 * presented before it and depend on it. They belong to the end of the segment before, where they cannot be copied either.
 */
export class CopiedVideoCollector {
  readonly #track: CopiedVideo;
  readonly #request: VideoRequest;
  readonly #toSample: (payload: Uint8Array) => Uint8Array;
  readonly #packets: CutPacket[] = [];
  #bytes = 0;
  /** The last keyframe before the cut. */
  #before: Uint8Array | undefined;
  #isDamaged = false;
  /**
   * Packets since one that the demuxer marked incomplete because of a continuity error. At the join of two recordings nothing else is wrong: then
   * a keyframe follows within a few packets.
   */
  #doubtful: (CutPacket & { isCorrupt: boolean })[] = [];
  /** Packets presented before this time do not belong to the segment, ticks. */
  #notBefore = -Infinity;
  /** The number of packets before the next segment's keyframe if that is not an IDR picture: its leading pictures follow. */
  #leadingFrom: number | undefined;
  /** Presentation times in decode order of the next segment's keyframe and leading pictures, once that keyframe was read. */
  #next: number[] = [];
  isDone = false;

  constructor(demuxer: Demuxer, track: CopiedVideo, request: VideoRequest) {
    this.#track = track;
    this.#request = request;
    this.#toSample = payloadToSample(track.codec, demuxer.stream(track.streamIndex).codecpar.extradata);
  }

  get streamIndex(): number {
    return this.#track.streamIndex;
  }

  /** `too-late` when the demuxer is already past the wanted keyframe and must seek to an earlier position. */
  accept({ pts, isKey, isCorrupt }: DemuxedPacket, demuxer: Demuxer): 'taken' | 'too-late' {
    if (pts === undefined) throw new AppError('UNSUPPORTED_MEDIA', 'The video has no timestamps to cut by');
    if (isKey && !isCorrupt) this.#settle(true);
    else if (isCorrupt || this.#doubtful.length > 0) {
      this.#doubtful.push({ pts, isKey, isCorrupt, data: this.#toSample(demuxer.payload) });
      if (this.#doubtful.length > MAX_DOUBTFUL) this.#settle(false);
      return 'taken';
    }
    return this.#sort({ pts, isKey }, () => this.#toSample(demuxer.payload));
  }

  #settle(areWhole: boolean): void {
    const doubtful = this.#doubtful;
    this.#doubtful = [];
    for (const packet of doubtful) if (areWhole || !packet.isCorrupt) this.#sort(packet, () => packet.data);
  }

  #sort({ pts, isKey }: { pts: number; isKey: boolean }, sample: () => Uint8Array): 'taken' | 'too-late' {
    const cut = this.#cut;
    if (this.isEmpty) return this.#begin({ pts, isKey }, sample);
    const isBeyond = cut.toTicks !== undefined && pts >= cut.toTicks;
    if (this.#leadingFrom !== undefined) this.isDone = isBeyond;
    else if (this.#next.length > 0) return this.#peek(pts, isBeyond);
    else if (isKey && isBeyond) this.#end(pts, sample);
    if (!isBeyond && pts >= this.#notBefore) this.#take(pts, isKey, sample());
    return 'taken';
  }

  get #cut(): VideoCut {
    if (!this.#request.cut) throw new TypeError('a copied segment has a cut');
    return this.#request.cut;
  }

  #begin({ pts, isKey }: { pts: number; isKey: boolean }, sample: () => Uint8Array): 'taken' | 'too-late' {
    const { fromTicks, toTicks } = this.#cut;
    if (!isKey) return 'taken';
    if (pts < fromTicks) this.#before = sample();
    else if (pts === fromTicks) {
      this.#take(pts, isKey, sample());
      // The reference pictures of leading pictures of the source's first keyframe do not exist.
      if (this.#firstIdr > 0 || this.#isFirst) this.#notBefore = fromTicks;
    } else if (!this.#repeatKeyframe()) return 'too-late';
    else if (toTicks !== undefined && pts >= toTicks) this.isDone = true;
    else {
      this.#notBefore = pts;
      this.#take(pts, isKey, sample());
    }
    return 'taken';
  }

  /** Replaces a missing keyframe by the keyframe before, which is then shown until the next. */
  #repeatKeyframe(): boolean {
    if (!this.#before) return false;
    this.#isDamaged = true;
    this.#take(this.#cut.fromTicks, true, this.#before);
    return true;
  }

  /** Handles the keyframe of the next segment. Pictures decoded after it and presented before it belong to its segment. */
  #end(pts: number, sample: () => Uint8Array): void {
    const { codec, mustBeIdr, reorderFrames } = this.#track;
    const mayLead = reorderFrames > 0 && !(codec === 'h264' && isIdr(sample(), 'h264'));
    if (!mayLead) this.isDone = true;
    else if (mustBeIdr) this.#leadingFrom = this.#packets.length;
    else this.#next.push(pts);
  }

  /** Handles a packet behind the next segment's keyframe. */
  #peek(pts: number, isBeyond: boolean): 'taken' {
    if (isBeyond) this.isDone = true;
    else this.#next.push(pts);
    return 'taken';
  }

  #take(pts: number, isKey: boolean, data: Uint8Array): void {
    this.#bytes += data.byteLength;
    if (this.#bytes > MAX_SEGMENT_BYTES)
      throw new AppError('UNSUPPORTED_MEDIA', 'A piece of the video is too large to be copied');
    this.#packets.push({ pts, isKey, data });
  }

  /** Handles the end of the source: the segment ends with the packets so far. */
  finish(): void {
    this.#settle(false);
    if (this.isEmpty) this.#repeatKeyframe();
    this.isDone = !this.isEmpty;
  }

  get #isFirst(): boolean {
    return this.#request.start === 0;
  }

  get isEmpty(): boolean {
    return this.#packets.length === 0;
  }

  /** Index of the first packet that a player can begin with. */
  get #firstIdr(): number {
    if (!this.#track.mustBeIdr) return 0;
    const first = this.#packets.findIndex(({ data }) => isIdr(data, 'h264'));
    return first < 0 ? this.#packets.length : first;
  }

  /** Decode time of the next segment's first picture, ticks of the timescale. */
  #endOf(timeBase: Rational, origin: Origin): number {
    if (this.#next.length < 2) return this.#request.end;
    return Math.min(this.#request.end, firstDecodeTime(this.#onGrid(this.#next, timeBase, origin)));
  }

  /** Demuxer timestamps as ticks of the timescale, snapped to the frame grid if all lie on it. */
  #onGrid(ticks: readonly number[], timeBase: Rational, origin: Origin): number[] {
    const { timescale, frameGrid } = this.#track;
    const exact = ticks.map((each) => toTimeline(each, timeBase, { origin, timescale }));
    return (frameGrid && snapToGrid(exact, timescale, frameGrid)) ?? exact;
  }

  result(timeBase: Rational, origin: Origin): CopiedVideoRun {
    const { timescale } = this.#track;
    const times = this.#onGrid(
      this.#packets.map(({ pts }) => pts),
      timeBase,
      origin,
    );
    // The first frame is on screen from the beginning of the presentation.
    if (this.#isFirst) times[0] = this.#request.start;
    const samples = this.#packets.map((packet, i): Sample => ({
      data: packet.data,
      pts: times[i] ?? 0,
      isSync: packet.isKey,
    }));
    const to = this.#leadingFrom ?? samples.length;
    return {
      run: { timescale, start: this.#request.start, end: this.#endOf(timeBase, origin), samples },
      copied: { from: Math.min(this.#firstIdr, to), to },
      isDamaged: this.#isDamaged,
    };
  }
}

/** All timestamps snapped to the frame grid; undefined when one is not close to the grid, or two would coincide. */
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
