// The packets of one track from any position on. Equal positions give equal packets, whatever was read before.
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
  /** The configuration in force, if an earlier packet stated it. */
  configuration: Buffer | undefined;
}

export interface WindowedTrack {
  streamIndex: number;
  /** The stream whose timestamps or index a seek uses. */
  seekStream: number;
  origin: Origin;
  /** Opens the source once more. */
  open(): Promise<Demuxer>;
}

/** Seconds before the wanted position to seek to, tried in turn until the first packet is at or before it. */
const EARLIER_SECONDS = { indexed: [0.25, 2, 15, 60], scanned: [1.5, 6, 20, 90] } as const;

/** The same for exact seeks by the track's own packets. */
const OWN_EARLIER_SECONDS = 0.25;

/** Up to this far ahead, reading on is cheaper than a seek. */
const READ_AHEAD_SECONDS = 2;

/** For one user at a time. The window keeps ownership of its packets. */
export class PacketWindow implements AsyncDisposable {
  #demuxer: Demuxer;
  readonly #track: WindowedTrack;
  #packets: TimedPacket[] = [];
  #nextSeconds = 0;
  #isAtBeginning = true;
  /** Whether the first packet of the window is the track's first. */
  #holdsBeginning = false;
  /** Whether seeks use the track's own packets: the index of the other track led to no packet before the wanted position. */
  #seeksByOwnPackets = false;

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

  /** Packets from the last one at or before `seconds` of the presentation that decoding can begin with; otherwise from the track's first one. */
  async *from(seconds: number, signal: AbortSignal): AsyncGenerator<Packet> {
    if (!this.#covers(seconds)) await this.#goTo(seconds, signal);
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

  /** Start of a packet by its timestamp, seconds of the presentation; undefined without a timestamp. */
  secondsOf(packet: Packet): number | undefined {
    const ticks = Number(packet.pts);
    if (!Number.isSafeInteger(ticks)) return undefined;
    const { origin } = this.#track;
    const { num, den } = this.stream.timeBase;
    return (ticks * num) / den - (origin.ticks * origin.timeBase.num) / origin.timeBase.den;
  }

  /** Frees the packets that are not needed to begin at `seconds`. */
  forgetBefore(seconds: number): void {
    const first = this.#packets.findLastIndex((packet) => packet.isKey && packet.seconds <= seconds);
    if (first <= 0) return;
    for (const packet of this.#packets.splice(0, first)) packet.raw.free();
    this.#holdsBeginning = false;
  }

  #covers(seconds: number): boolean {
    const [first, last] = [this.#packets[0], this.#packets.at(-1)];
    if (first === undefined || last === undefined) return false;
    return (this.#holdsBeginning || first.seconds <= seconds) && seconds <= last.seconds + READ_AHEAD_SECONDS;
  }

  async #goTo(seconds: number, signal: AbortSignal): Promise<void> {
    for (const earlier of EARLIER_SECONDS[this.#demuxer.isIndexed ? 'indexed' : 'scanned']) {
      if (seconds <= earlier) return this.#goToBeginning();
      if (await this.#seekBefore(seconds, { earlier, signal })) return;
    }
    // No packets after these positions: the track has ended.
    if (!this.#packets.length) return;
    if (!this.#seeksByOwnPackets) {
      this.#seeksByOwnPackets = true;
      if (await this.#seekBefore(seconds, { earlier: OWN_EARLIER_SECONDS, signal })) return;
    }
    await this.#goToBeginning();
  }

  /** Seeks to `earlier` before `seconds`; returns whether the first packet is at or before `seconds`. */
  async #seekBefore(seconds: number, { earlier, signal }: { earlier: number; signal: AbortSignal }): Promise<boolean> {
    this.#clear();
    await this.#seek(seconds - earlier);
    const first = await this.#read(signal);
    return first !== undefined && first.seconds <= seconds;
  }

  async #seek(seconds: number): Promise<void> {
    const { streamIndex, origin } = this.#track;
    const seekStream = this.#seeksByOwnPackets ? streamIndex : seekStreamOf(this.#demuxer, { audio: this.#track });
    this.#isAtBeginning = false;
    this.#demuxer.keepOnly([streamIndex]);
    await this.#demuxer.seek(seekStream, toDemuxer(seconds, this.#demuxer.stream(seekStream).timeBase, origin));
  }

  /** Opens the source anew, since a seek cannot reach audio before the first frame: Matroska drops it after a seek. */
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

/** A new demuxer that has found the streams of the track. */
async function opened({ open, streamIndex, seekStream }: WindowedTrack): Promise<Demuxer> {
  const demuxer = await open();
  await demuxer.require([streamIndex, seekStream]);
  return demuxer;
}
