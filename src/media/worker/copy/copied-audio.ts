// The AAC frames of one copied audio segment, each in its place on the frame grid; places without a frame hold silence.
import type { Rational } from '../../../base/rational.ts';
import { parseAdtsHeader, rawAacFrame } from '../../bitstream/adts.ts';
import { type AudioSpecificConfig, parseAudioSpecificConfig } from '../../bitstream/audio-specific-config.ts';
import { toTimeline } from '../../model/media-clock.ts';
import type { Sample, SampleRun } from '../../model/samples.ts';
import type { DemuxedPacket } from '../libav/demux/demuxed-packet.ts';
import type { Demuxer } from '../libav/demux/demuxer.ts';
import type { CopiedAudio, Origin } from '../../model/rendition-track.ts';

export interface AudioSpan {
  /** Samples of the presentation; both on the frame grid. */
  start: number;
  end: number;
}

/** Collects the frames of `span` from a demuxer that was sent to its start or before. */
export class CopiedAudioCollector {
  readonly #track: CopiedAudio;
  readonly #span: AudioSpan;
  readonly #slots: (Uint8Array | undefined)[];
  readonly #config: AudioSpecificConfig;
  readonly #timeBase: Rational;
  readonly #origin: Origin;
  #lastPosition: number | undefined;
  /** Position of the first packet that came since the last start, samples. */
  #firstPosition: number | undefined;
  isDone = false;
  /** Frames of the segment are of another configuration than the track states: under that one they would be noise, or silent. */
  isForeign = false;

  constructor(demuxer: Demuxer, track: CopiedAudio, request: { span: AudioSpan; origin: Origin }) {
    this.#track = track;
    this.#span = request.span;
    this.#origin = request.origin;
    this.#config = parseAudioSpecificConfig(track.configuration);
    this.#timeBase = demuxer.stream(track.streamIndex).timeBase;
    this.#slots = Array.from({ length: Math.round((request.span.end - request.span.start) / track.frameSamples) });
    this.startOver();
  }

  /** The demuxer was sent elsewhere; frames that came before are kept. */
  startOver(): void {
    this.#firstPosition = undefined;
    this.#lastPosition = undefined;
    this.isDone = this.#slots.length === 0;
  }

  get streamIndex(): number {
    return this.#track.streamIndex;
  }

  get seekStream(): number {
    return this.#track.seekStream;
  }

  accept(packet: DemuxedPacket, demuxer: Demuxer): void {
    if (packet.isHidden) return;
    const { frameSamples, sampleRate } = this.#track;
    const position =
      packet.pts === undefined
        ? (this.#lastPosition ?? 0) + frameSamples
        : toTimeline(packet.pts, this.#timeBase, { origin: this.#origin, timescale: sampleRate });
    this.#lastPosition = position;
    this.#firstPosition ??= position;
    const slot = Math.round((position - this.#span.start) / frameSamples);
    if (slot >= this.#slots.length) this.isDone = true;
    else if (slot >= 0) this.#put(slot, demuxer);
  }

  #put(slot: number, demuxer: Demuxer): void {
    const frame = demuxer.payload;
    const restated = demuxer.latestExtradata(this.#track.streamIndex);
    if (isForeign(this.#config, { frame, restated })) this.isForeign = true;
    this.#slots[slot] ??= rawAacFrame(frame);
  }

  /** True when the demuxer came in after the start: the track may have sound there. */
  get mayHaveMissedFrames(): boolean {
    const { startTicks, sampleRate } = this.#track;
    const trackStart = toTimeline(startTicks, this.#timeBase, { origin: this.#origin, timescale: sampleRate });
    if (this.#slots.length === 0 || this.#slots[0] !== undefined || trackStart >= this.#span.end) return false;
    return this.#firstPosition === undefined || this.#firstPosition > this.#span.start;
  }

  /** Its packets began after the start of the segment; of a track that has ended there are none. */
  get cameTooLate(): boolean {
    return this.mayHaveMissedFrames && this.#firstPosition !== undefined;
  }

  /** `silence` makes one silent frame, asked for only when there is a hole. */
  async run(silence: () => Promise<Uint8Array>): Promise<SampleRun> {
    const { frameSamples, sampleRate } = this.#track;
    const samples: Sample[] = [];
    for (const [slot, frame] of this.#slots.entries()) {
      samples.push({ data: frame ?? (await silence()), pts: this.#span.start + slot * frameSamples, isSync: true });
    }
    return { timescale: sampleRate, start: this.#span.start, end: this.#span.end, samples };
  }
}

/** Whether a frame says by its header, or the container by a later sample entry, that it is of another configuration. */
function isForeign(
  config: AudioSpecificConfig,
  { frame, restated }: { frame: Uint8Array; restated: Uint8Array | undefined },
): boolean {
  if (restated) {
    const other = parseAudioSpecificConfig(restated);
    return !isSame(config, other) || other.frameLength !== config.frameLength;
  }
  const header = parseAdtsHeader(frame);
  return header !== undefined && header.frameBytes === frame.length && !isSame(config, header);
}

type Core = Pick<AudioSpecificConfig, 'objectType' | 'sampleRate' | 'channelConfiguration'>;

function isSame(a: Core, b: Core): boolean {
  return (
    a.objectType === b.objectType && a.sampleRate === b.sampleRate && a.channelConfiguration === b.channelConfiguration
  );
}
