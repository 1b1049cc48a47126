// The packets of one track from any place on, always the same ones for the same place, whatever was read before.
import { AV_PKT_DATA_NEW_EXTRADATA } from 'node-av/constants';
import type { Packet, Stream } from 'node-av/lib';
import { toDemuxer } from '../../../model/media-clock.ts';
import type { Origin } from '../../../model/rendition-track.ts';
import type { Demuxer } from './demuxer.ts';
import { seekStreamOf } from './seek-stream.ts';

interface TimedPacket {
  seconds: number;
  isKey: boolean;
  raw: Packet;
  /** Stated by an earlier packet, and in force. */
  configuration: Buffer | undefined;
}

export interface WindowedTrack {
  streamIndex: number;
  /** The stream that the demuxer finds its way by. */
  seekStream: number;
  origin: Origin;
  /** Opens the source once more. */
  open(): Promise<Demuxer>;
}

/** Seconds to land before the wanted place, tried in turn until a packet at or before it comes. */
const EARLIER_SECONDS = { indexed: [0.25, 2, 15, 60], scanned: [1.5, 6, 20, 90] } as const;

/** By the track's own packets a place is found exactly. */
const OWN_EARLIER_SECONDS = 0.25;

/** So far ahead it is cheaper to read on than to seek. */
const READ_ON_SECONDS = 2;

/** One user at a time. The packets given stay ours. */
export class PacketWindow implements AsyncDisposable {
  #demuxer: Demuxer;
  readonly #track: WindowedTrack;
  #packets: TimedPacket[] = [];
  #nextSeconds = 0;
  #isAtBeginning = true;
  /** The first packet here is the track's first. */
  #holdsBeginning = false;
  /** The index of another track, by which places are found, has led to none before the wanted one. */
  #isOwnGuide = false;

  private constructor(demuxer: Demuxer, track: WindowedTrack) {
    this.#demuxer = demuxer;
    this.#track = track;
  }

  static async open(track: WindowedTrack): Promise<PacketWindow> {
    return new PacketWindow(await opened(track), track);
  }

  get stream(): Stream {
    return this.#demuxer.stream(this.#track.streamIndex);
  }

  /** From the last packet at or before `seconds` of the presentation that decoding can begin with; the track's first one where there is none. */
  async *from(seconds: number, signal: AbortSignal): AsyncGenerator<Packet> {
    if (!this.#reaches(seconds)) await this.#goTo(seconds, signal);
    while ((this.#packets.at(-1)?.seconds ?? -Infinity) <= seconds && (await this.#read(signal)));
    this.forgetBefore(seconds);
    for (let index = 0; ; index++) {
      const packet = this.#packets[index] ?? (await this.#read(signal));
      if (!packet) return;
      const { raw, configuration } = packet;
      if (index === 0 && configuration && !raw.getSideData(AV_PKT_DATA_NEW_EXTRADATA))
        raw.addSideData(AV_PKT_DATA_NEW_EXTRADATA, configuration);
      yield raw;
    }
  }

  /** Where a packet begins by its timestamp, seconds of the presentation; undefined: it has none. */
  secondsOf(packet: Packet): number | undefined {
    const ticks = Number(packet.pts);
    if (!Number.isSafeInteger(ticks)) return undefined;
    const { origin } = this.#track;
    const { num, den } = this.stream.timeBase;
    return (ticks * num) / den - (origin.ticks * origin.timeBase.num) / origin.timeBase.den;
  }

  /** Lets go of what is not needed to begin at `seconds`. */
  forgetBefore(seconds: number): void {
    const first = this.#packets.findLastIndex((packet) => packet.isKey && packet.seconds <= seconds);
    if (first <= 0) return;
    for (const packet of this.#packets.splice(0, first)) packet.raw.free();
    this.#holdsBeginning = false;
  }

  #reaches(seconds: number): boolean {
    const [first, last] = [this.#packets[0], this.#packets.at(-1)];
    if (first === undefined || last === undefined) return false;
    return (this.#holdsBeginning || first.seconds <= seconds) && seconds <= last.seconds + READ_ON_SECONDS;
  }

  async #goTo(seconds: number, signal: AbortSignal): Promise<void> {
    for (const earlier of EARLIER_SECONDS[this.#demuxer.isIndexed ? 'indexed' : 'scanned']) {
      if (seconds <= earlier) return this.#goToBeginning();
      if (await this.#lands(seconds, { earlier, signal })) return;
    }
    // Nothing after the places: the track has ended.
    if (!this.#packets.length) return;
    if (!this.#isOwnGuide) {
      this.#isOwnGuide = true;
      if (await this.#lands(seconds, { earlier: OWN_EARLIER_SECONDS, signal })) return;
    }
    await this.#goToBeginning();
  }

  /** Whether the first packet after a seek is at or before the wanted place. */
  async #lands(seconds: number, { earlier, signal }: { earlier: number; signal: AbortSignal }): Promise<boolean> {
    this.#clear();
    await this.#seek(seconds - earlier);
    const first = await this.#read(signal);
    return first !== undefined && first.seconds <= seconds;
  }

  async #seek(seconds: number): Promise<void> {
    const { streamIndex, origin } = this.#track;
    const seekStream = this.#isOwnGuide ? streamIndex : seekStreamOf(this.#demuxer, { audio: this.#track });
    this.#isAtBeginning = false;
    this.#demuxer.keepOnly([streamIndex]);
    await this.#demuxer.seek(seekStream, toDemuxer(seconds, this.#demuxer.stream(seekStream).timeBase, origin));
  }

  /** No demuxer can be sent to sound that lies before the first picture: Matroska drops it after a seek. */
  async #goToBeginning(): Promise<void> {
    this.#clear();
    this.#holdsBeginning = true;
    if (!this.#isAtBeginning) {
      const used = this.#demuxer;
      this.#demuxer = await opened(this.#track);
      this.#isAtBeginning = true;
      await used[Symbol.asyncDispose]();
    }
    this.#demuxer.keepOnly([this.#track.streamIndex]);
  }

  async #read(signal: AbortSignal): Promise<TimedPacket | undefined> {
    const { streamIndex } = this.#track;
    this.#isAtBeginning = false;
    for (;;) {
      signal.throwIfAborted();
      const packet = await this.#demuxer.read();
      if (!packet) return undefined;
      const raw = packet.streamIndex === streamIndex ? this.#demuxer.raw.clone() : null;
      if (!raw) continue;
      const { num, den } = this.stream.timeBase;
      const seconds = this.secondsOf(raw) ?? this.#nextSeconds;
      this.#nextSeconds = seconds + (packet.duration * num) / den;
      const configuration = this.#demuxer.latestExtradata(streamIndex);
      const timed = { seconds, isKey: packet.isKey, raw, configuration };
      this.#packets.push(timed);
      return timed;
    }
  }

  #clear(): void {
    for (const packet of this.#packets) packet.raw.free();
    this.#packets = [];
    this.#nextSeconds = 0;
    this.#holdsBeginning = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#clear();
    await this.#demuxer[Symbol.asyncDispose]();
  }
}

/** Knows the streams of the track. */
async function opened({ open, streamIndex, seekStream }: WindowedTrack): Promise<Demuxer> {
  const demuxer = await open();
  await demuxer.require([streamIndex, seekStream]);
  return demuxer;
}
