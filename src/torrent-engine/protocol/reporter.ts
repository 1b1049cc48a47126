// Reports to the server what is on the disk; many blocks are sent in one message.
import type { ByteRange } from '../../base/byte-range.ts';
import type { EngineReport } from './engine-protocol.ts';
import type { TorrentStats } from './torrent-engine.ts';

export class Reporter {
  readonly #infoHash: string;
  readonly #send: (report: EngineReport) => void;
  #blocks: ByteRange[] = [];
  #verified: number[] = [];
  #isDue = false;
  #ticket = 0;
  #lastStats = '';

  constructor(infoHash: string, send: (report: EngineReport) => void) {
    this.#infoHash = infoHash;
    this.#send = send;
  }

  blocks(start: number, end: number): void {
    const last = this.#blocks.at(-1);
    if (last && last.end === start) last.end = end;
    else this.#blocks.push({ start, end });
    this.#sendSoon();
  }

  verified(piece: number): void {
    this.#verified.push(piece);
    this.#sendSoon();
  }

  bad(ranges: readonly ByteRange[]): void {
    this.#lost(ranges, 'bad', 0);
  }

  /** Returns the ticket that `eviction-acknowledged` will carry. */
  evicted(ranges: readonly ByteRange[]): number {
    this.#ticket += 1;
    this.#lost(ranges, 'evicted', this.#ticket);
    return this.#ticket;
  }

  /** Sends the figures when they differ from the last ones. */
  stats(stats: TorrentStats): void {
    const text = JSON.stringify(stats);
    if (text === this.#lastStats) return;
    this.#lastStats = text;
    this.#send({ type: 'stats', infoHash: this.#infoHash, stats });
  }

  flush(): void {
    const infoHash = this.#infoHash;
    if (this.#blocks.length > 0) this.#send({ type: 'blocks', infoHash, ranges: flattened(this.#blocks) });
    if (this.#verified.length > 0) this.#send({ type: 'verified', infoHash, pieces: new Uint32Array(this.#verified) });
    this.#blocks = [];
    this.#verified = [];
  }

  /** Sends the pending blocks first, so that reports keep the order of events. */
  #lost(ranges: readonly ByteRange[], why: 'bad' | 'evicted', ticket: number): void {
    this.flush();
    this.#send({ type: 'lost', infoHash: this.#infoHash, ranges: flattened(ranges), why, ticket });
  }

  #sendSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.flush();
    });
  }
}

function flattened(ranges: readonly ByteRange[]): Uint32Array {
  return Uint32Array.from(ranges.flatMap(({ start, end }) => [start, end]));
}
