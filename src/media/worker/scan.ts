// A whole pass over the packets, for containers that keep no index: where the keyframes are, how many frames, where they end.
import { AppError } from '../../base/app-error.ts';
import { reorderDepth } from '../mpegts/decode-times.ts';
import { describe } from './libav/describe.ts';
import type { DemuxedPacket, Demuxer } from './libav/demuxer.ts';
import type { ScanResult } from './protocol.ts';

/** Frames looked at to learn how far decoding runs ahead of showing. */
const REORDER_SAMPLE = 600;

export async function scan(demuxer: Demuxer, signal: AbortSignal): Promise<ScanResult> {
  const description = await describe(demuxer);
  const track = description.video ?? description.audio[0];
  if (!track) throw new AppError('NOT_MEDIA', 'The source holds no picture and no sound.');
  demuxer.keepOnly([track, ...description.audio].map(({ streamIndex }) => streamIndex));
  await demuxer.seek(track.streamIndex, -1e9);
  const tally = new Tally();
  let endSeconds = 0;
  for (;;) {
    signal.throwIfAborted();
    const packet = await demuxer.read();
    if (!packet) break;
    if (packet.streamIndex === track.streamIndex) tally.count(packet);
    const { num, den } = demuxer.stream(packet.streamIndex).timeBase;
    endSeconds = Math.max(endSeconds, (((packet.pts ?? packet.dts ?? 0) + packet.duration) * num) / den);
  }
  return { description, endSeconds, ...tally.result() };
}

class Tally {
  readonly #keyframes = new Set<number>();
  readonly #order: number[] = [];
  #frames = 0;
  #end = 0;
  #last: number | undefined;
  #lastStep = 0;

  count(packet: DemuxedPacket): void {
    const time = packet.pts ?? packet.dts;
    this.#frames += 1;
    if (time === undefined) return;
    if (packet.isKey && packet.pts !== undefined) this.#keyframes.add(time);
    if (this.#order.length < REORDER_SAMPLE) this.#order.push(time);
    if (this.#last !== undefined) this.#lastStep = packet.duration || Math.abs(time - this.#last);
    this.#last = time;
    this.#end = Math.max(this.#end, time + (packet.duration || this.#lastStep));
  }

  result(): Pick<ScanResult, 'keyframes' | 'frameCount' | 'endTicks' | 'reorderFrames'> {
    return {
      keyframes: [...this.#keyframes].toSorted((a, b) => a - b),
      frameCount: this.#frames,
      endTicks: this.#end,
      reorderFrames: reorderDepth(this.#order),
    };
  }
}
