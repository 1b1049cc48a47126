// A reader of one file of a torrent: waits until the engine has the bytes on the disk, then reads them from the data file.
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import type { EngineOrder } from '../../../torrent-engine/protocol/engine-protocol.ts';
import type { ReaderProfile, TorrentReader } from '../../../torrent-engine/protocol/torrent-engine.ts';
import type { ReplicaReader, TorrentReplica } from './torrent-replica.ts';

/** The position is sent to the engine again after this many bytes... */
const REPORT_BYTES = 256 * 1024;
/** ... and this long after the last time. */
const REPORTS_MS = 50;

export interface TorrentFileReaderOptions {
  id: number;
  replica: TorrentReplica;
  send: (order: EngineOrder) => void;
  profile: ReaderProfile;
  verifiedOnly: boolean;
  /** Start of the file, in bytes from the start of the torrent. */
  fileStart: number;
  /** Bytes `[start, end)` of the file. */
  range: ByteRange;
}

export class TorrentFileReader implements TorrentReader, ReplicaReader {
  readonly id: number;
  readonly #options: TorrentFileReaderOptions;
  /** Bytes from the start of the torrent, as all positions below. */
  readonly #end: number;
  #position: number;
  #runStart: number;
  #sentPosition = -1;
  #sentMs = 0;
  #nextReport: NodeJS.Timeout | undefined;
  #isWaiting = false;
  #returned: ByteRange[] = [];
  #isCorrupt = false;
  #isClosed = false;
  #wake = (): void => undefined;

  constructor(options: TorrentFileReaderOptions) {
    this.#options = options;
    this.id = options.id;
    this.#position = options.fileStart + options.range.start;
    this.#end = options.fileStart + options.range.end;
    this.#runStart = this.#position;
    options.replica.readers.set(this.id, this);
    this.sendState();
  }

  get position(): number {
    return this.#position - this.#options.fileStart;
  }

  get isQuick(): boolean {
    return this.#options.replica.isQuick;
  }

  async read(buffer: Uint8Array, signal: AbortSignal): Promise<number> {
    const { replica, verifiedOnly } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      this.#assertReadable();
      const start = this.#position;
      const mostEnd = Math.min(this.#end, start + buffer.length);
      if (start >= mostEnd) return 0;
      const end = replica.readableEnd(start, mostEnd, verifiedOnly);
      if (end > start) {
        const bytesRead = await replica.readFile(buffer.subarray(0, end - start), start);
        signal.throwIfAborted();
        this.#assertReadable();
        const isStillThere = replica.readableEnd(start, end, verifiedOnly) === end;
        if (isStillThere && bytesRead < end - start) throw tooShort();
        if (isStillThere && this.#position === start) return this.#deliver(bytesRead);
      } else await this.#wait(signal);
    }
  }

  get unverified(): ByteRange[] {
    const { replica, fileStart } = this.#options;
    return this.#returned
      .flatMap((range) => replica.unverifiedReads(range))
      .map(({ start, end }) => ({ start: start - fileStart, end: end - fileStart }));
  }

  async allVerified(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      this.#assertReadable();
      if (this.unverified.length === 0) return;
      await this.#change(signal);
    }
  }

  seek(position: number): void {
    const target = this.#options.fileStart + position;
    if (target === this.#position) return;
    this.#position = Math.min(target, this.#end);
    this.#runStart = this.#position;
    this.#isWaiting = false;
    this.sendState();
  }

  wake(): void {
    this.#wake();
  }

  invalidate(range: ByteRange): void {
    if (this.#returned.some(({ start, end }) => start < range.end && range.start < end)) this.#isCorrupt = true;
    this.#wake();
  }

  sendState(): void {
    const { replica, send, profile, verifiedOnly } = this.#options;
    clearTimeout(this.#nextReport);
    this.#nextReport = undefined;
    this.#sentPosition = this.#position;
    this.#sentMs = performance.now();
    send({
      type: 'reader',
      infoHash: replica.infoHash,
      reader: this.id,
      profile,
      position: this.#position,
      end: this.#end,
      verifiedOnly,
      isWaiting: this.#isWaiting,
      runBytes: this.#position - this.#runStart,
    });
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#nextReport);
    const { replica, send } = this.#options;
    replica.readers.delete(this.id);
    send({ type: 'reader-closed', infoHash: replica.infoHash, reader: this.id });
    this.#wake();
  }

  #deliver(bytesRead: number): number {
    const { replica, verifiedOnly } = this.#options;
    const range = { start: this.#position, end: this.#position + bytesRead };
    this.#position = range.end;
    if (!verifiedOnly) {
      replica.noteRead(range);
      const last = this.#returned.at(-1);
      if (last?.end === range.start) last.end = range.end;
      else this.#returned.push(range);
    }
    const hadWaited = this.#isWaiting;
    this.#isWaiting = false;
    if (hadWaited) this.sendState();
    else this.#reportPosition();
    return bytesRead;
  }

  /** A reader of bytes that are all on the disk is fast: its positions are sent `REPORTS_MS` apart, and the last one is always sent. */
  #reportPosition(): void {
    if (this.#position - this.#sentPosition < REPORT_BYTES || this.#nextReport) return;
    const waitMs = this.#sentMs + REPORTS_MS - performance.now();
    if (waitMs <= 0) this.sendState();
    else this.#nextReport = setTimeout(() => this.sendState(), waitMs).unref();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.sendState();
    }
    try {
      await this.#change(signal);
    } catch (error) {
      this.#isWaiting = false;
      throw error;
    }
  }

  /** Waits until the replica of the torrent changes. */
  async #change(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const leave = () => reject(signal.reason);
      this.#wake = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      signal.addEventListener('abort', leave, { once: true });
    });
    this.#wake = () => undefined;
  }

  #assertReadable(): void {
    const { replica } = this.#options;
    if (this.#isClosed) throw new AppError('SOURCE_FAILED', 'The torrent is not read any more');
    if (replica.isRemoved) throw new AppError('SOURCE_NOT_FOUND', 'The torrent was removed');
    if (this.#isCorrupt) throw new AppError('SOURCE_CHANGED', 'A peer sent data that is not of this torrent');
    if (replica.stats.error !== undefined) throw new AppError('SOURCE_UNUSABLE', replica.stats.error);
  }
}

function tooShort(): AppError {
  return new AppError('SOURCE_FAILED', 'The data of the torrent on the disk is shorter than it should be');
}
