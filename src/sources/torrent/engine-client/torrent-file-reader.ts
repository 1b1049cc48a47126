// One place in a file of a torrent: waits until the engine has it on the disk, then reads it from there.
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import type { EngineOrder } from '../../../torrent-engine/protocol/engine-protocol.ts';
import type { ReaderProfile, TorrentReader } from '../../../torrent-engine/protocol/torrent-engine.ts';
import type { MirrorReader, TorrentMirror } from './torrent-mirror.ts';

/** The engine is told again after so much. */
const TELL_BYTES = 256 * 1024;

export interface TorrentFileReaderOptions {
  id: number;
  mirror: TorrentMirror;
  send: (order: EngineOrder) => void;
  profile: ReaderProfile;
  verifiedOnly: boolean;
  /** Where the file begins in the torrent. */
  fileStart: number;
  /** In the file. */
  range: ByteRange;
}

export class TorrentFileReader implements TorrentReader, MirrorReader {
  readonly id: number;
  readonly #options: TorrentFileReaderOptions;
  /** In the torrent, as all below. */
  readonly #end: number;
  #position: number;
  #runStart: number;
  #toldPosition = -1;
  #isWaiting = false;
  #given: ByteRange[] = [];
  #isSpoilt = false;
  #isClosed = false;
  #wake = (): void => undefined;

  constructor(options: TorrentFileReaderOptions) {
    this.#options = options;
    this.id = options.id;
    this.#position = options.fileStart + options.range.start;
    this.#end = options.fileStart + options.range.end;
    this.#runStart = this.#position;
    options.mirror.readers.set(this.id, this);
    this.tell();
  }

  get position(): number {
    return this.#position - this.#options.fileStart;
  }

  async read(maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const { mirror, verifiedOnly } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      this.#assertSound();
      const start = this.#position;
      if (start >= this.#end || maxBytes <= 0) return new Uint8Array(0);
      const mostEnd = Math.min(this.#end, start + maxBytes);
      const end = mirror.readableEnd(start, mostEnd, verifiedOnly);
      if (end > start) {
        const bytes = await mirror.readFile({ start, end });
        signal.throwIfAborted();
        this.#assertSound();
        const isStillThere = mirror.readableEnd(start, end, verifiedOnly) === end && bytes.length === end - start;
        if (isStillThere && this.#position === start) return this.#give(bytes);
      } else await this.#wait(signal);
    }
  }

  get unchecked(): ByteRange[] {
    const { mirror, fileStart } = this.#options;
    return this.#given
      .flatMap((range) => mirror.uncheckedIn(range))
      .map(({ start, end }) => ({ start: start - fileStart, end: end - fileStart }));
  }

  async allChecked(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      this.#assertSound();
      if (this.unchecked.length === 0) return;
      await this.#change(signal);
    }
  }

  seek(position: number): void {
    const target = this.#options.fileStart + position;
    if (target === this.#position) return;
    this.#position = Math.min(target, this.#end);
    this.#runStart = this.#position;
    this.#isWaiting = false;
    this.tell();
  }

  wake(): void {
    this.#wake();
  }

  spoil(range: ByteRange): void {
    if (this.#given.some(({ start, end }) => start < range.end && range.start < end)) this.#isSpoilt = true;
    this.#wake();
  }

  tell(): void {
    const { mirror, send, profile, verifiedOnly } = this.#options;
    this.#toldPosition = this.#position;
    send({
      type: 'reader',
      infoHash: mirror.infoHash,
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
    const { mirror, send } = this.#options;
    mirror.readers.delete(this.id);
    send({ type: 'reader-closed', infoHash: mirror.infoHash, reader: this.id });
    this.#wake();
  }

  #give(bytes: Uint8Array): Uint8Array {
    const { mirror, verifiedOnly } = this.#options;
    const range = { start: this.#position, end: this.#position + bytes.length };
    this.#position = range.end;
    if (!verifiedOnly) {
      mirror.gaveOut(range);
      const last = this.#given.at(-1);
      if (last?.end === range.start) last.end = range.end;
      else this.#given.push(range);
    }
    const hadWaited = this.#isWaiting;
    this.#isWaiting = false;
    if (hadWaited || this.#position - this.#toldPosition >= TELL_BYTES) this.tell();
    return bytes;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.tell();
    }
    try {
      await this.#change(signal);
    } catch (error) {
      this.#isWaiting = false;
      throw error;
    }
  }

  /** Until the torrent's mirror has heard something. */
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

  #assertSound(): void {
    const { mirror } = this.#options;
    if (this.#isClosed) throw new AppError('SOURCE_FAILED', 'The torrent is not read any more');
    if (mirror.isRemoved) throw new AppError('SOURCE_NOT_FOUND', 'The torrent was removed');
    if (this.#isSpoilt) throw new AppError('SOURCE_CHANGED', 'A peer sent data that is not of this torrent');
    if (mirror.stats.error !== undefined) throw new AppError('SOURCE_UNUSABLE', mirror.stats.error);
  }
}
