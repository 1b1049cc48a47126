// Collects the AAC frames of one copied audio segment, each at its position on the frame grid; positions without a frame get silence.
import type { Rational } from '../../../base/rational.ts';
import { parseAdtsHeader, rawAacFrame } from '../../bitstream/adts.ts';
import { type AudioSpecificConfig, parseAudioSpecificConfig } from '../../bitstream/audio-specific-config.ts';
import { toTimeline } from '../../model/media-clock.ts';
import type { Sample, SampleRun } from '../../model/samples.ts';
import type { DemuxedPacket } from '../libav/demux/demuxed-packet.ts';
import type { Demuxer } from '../libav/demux/demuxer.ts';
import type { CopiedAudio, Origin } from '../../model/rendition-track.ts';

export interface AudioSpan {
  /** Samples `[start, end)` of the presentation; both lie on the frame grid. */
  start: number;
  end: number;
}

/** Collects the frames of `span` from a demuxer that was sought to its start or before. */
export class CopiedAudioCollector {
  readonly #track: CopiedAudio;
  readonly #span: AudioSpan;
  readonly #slots: (Uint8Array | undefined)[];
  readonly #config: AudioSpecificConfig;
  readonly #timeBase: Rational;
  readonly #origin: Origin;
  #lastPosition: number | undefined;
  /** Position of the first packet since the last `startOver`, samples. */
  #firstPosition: number | undefined;
  isDone = false;
  /** Whether frames have another configuration than the track states: decoded with the stated one they would be noise or silence. */
  changesConfiguration = false;

  constructor(demuxer: Demuxer, track: CopiedAudio, request: { span: AudioSpan; origin: Origin }) {
    this.#track = track;
    this.#span = request.span;
    this.#origin = request.origin;
    this.#config = parseAudioSpecificConfig(track.configuration);
    this.#timeBase = demuxer.stream(track.streamIndex).timeBase;
    this.#slots = Array.from({ length: Math.round((request.span.end - request.span.start) / track.frameSamples) });
    this.startOver();
  }

  /** Prepares for packets after a seek; earlier frames are kept. */
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
    if (hasOtherConfiguration(this.#config, { frame, restated })) this.changesConfiguration = true;
    this.#slots[slot] ??= rawAacFrame(frame);
  }

  /** Whether the demuxer began after the start of the segment, so that frames of the track may be missing. */
  get mayHaveMissedFrames(): boolean {
    const { startTicks, sampleRate } = this.#track;
    const trackStart = toTimeline(startTicks, this.#timeBase, { origin: this.#origin, timescale: sampleRate });
    if (this.#slots.length === 0 || this.#slots[0] !== undefined || trackStart >= this.#span.end) return false;
    return this.#firstPosition === undefined || this.#firstPosition > this.#span.start;
  }

  /** Whether the packets began after the start of the segment; false when there were none, as after the end of the track. */
  get cameTooLate(): boolean {
    return this.mayHaveMissedFrames && this.#firstPosition !== undefined;
  }

  /** The run of all frames. `silence` makes one silent frame and is called only for a gap. */
  async run(silence: () => Promise<Uint8Array>): Promise<SampleRun> {
    const { frameSamples, sampleRate } = this.#track;
    const samples: Sample[] = [];
    for (const [slot, frame] of this.#slots.entries()) {
      samples.push({ data: frame ?? (await silence()), pts: this.#span.start + slot * frameSamples, isSync: true });
    }
    return { timescale: sampleRate, start: this.#span.start, end: this.#span.end, samples };
  }
}

/** Whether the header of a frame, or a later sample entry of the container, states another configuration. */
function hasOtherConfiguration(
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
