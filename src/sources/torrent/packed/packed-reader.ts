// Reads a packed file from the volumes of an archive, one after the other. The next volumes are opened ahead of the reader, so that the download
// does not stop at their borders.
import { MIB } from '../../../base/units.ts';
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import type { ReaderOptions, TorrentHandle, TorrentReader } from '../../../torrent-engine/protocol/torrent-engine.ts';
import { extentsIn, type Extent, type PackedFile } from './packed-file.ts';

/** Volumes within this distance are opened ahead, except by probes. */
const AHEAD_BYTES = 16 * MIB;
const MOST_AHEAD = 8;

interface Opened {
  extent: Extent;
  reader: TorrentReader;
}

export class PackedReader implements TorrentReader {
  readonly #handle: TorrentHandle;
  readonly #file: PackedFile;
  readonly #options: ReaderOptions;
  readonly #end: number;
  /** Extents that were read to their ends and are not completely verified. */
  #read: Opened[] = [];
  /** The extent at the position, and those after it. */
  #ahead: Opened[] = [];
  #position: number;
  #isClosed = false;

  /** @throws AppError RANGE_NOT_SATISFIABLE */
  constructor(handle: TorrentHandle, file: PackedFile, options: ReaderOptions) {
    const { sizeBytes } = file.file;
    const { start, end = sizeBytes } = options;
    if (!(start >= 0 && start <= end && end <= sizeBytes))
      throw new AppError('RANGE_NOT_SATISFIABLE', `The file has ${sizeBytes} bytes`);
    this.#handle = handle;
    this.#file = file;
    this.#options = options;
    this.#end = end;
    this.#position = start;
    this.#openAhead();
  }

  get position(): number {
    return this.#position;
  }

  get isQuick(): boolean {
    return this.#ahead[0]?.reader.isQuick ?? true;
  }

  get unverified(): ByteRange[] {
    return [...this.#read, ...this.#ahead].flatMap(({ extent, reader }) =>
      reader.unverified.map((range) => ({
        start: range.start - extent.offset + extent.start,
        end: range.end - extent.offset + extent.start,
      })),
    );
  }

  async read(buffer: Uint8Array, signal: AbortSignal): Promise<number> {
    const [current] = this.#ahead;
    if (current === undefined || this.#position >= this.#end) return 0;
    const bytesRead = await current.reader.read(buffer.subarray(0, current.extent.end - this.#position), signal);
    this.#position += bytesRead;
    if (this.#position === current.extent.end) this.#pass(current);
    this.#openAhead();
    return bytesRead;
  }

  async allVerified(signal: AbortSignal): Promise<void> {
    for (const { reader } of [...this.#read, ...this.#ahead]) await reader.allVerified(signal);
  }

  seek(position: number): void {
    for (const { reader } of this.#ahead) reader[Symbol.dispose]();
    this.#ahead = [];
    this.#position = Math.min(position, this.#end);
    this.#openAhead();
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const { reader } of [...this.#read, ...this.#ahead]) reader[Symbol.dispose]();
  }

  /** Keeps a reader until everything that it returned is verified. */
  #pass(current: Opened): void {
    this.#ahead.shift();
    this.#read.push(current);
    const { true: done = [], false: left = [] } = Object.groupBy(this.#read, ({ reader }) =>
      reader.unverified.length === 0 ? 'true' : 'false',
    );
    for (const { reader } of done) reader[Symbol.dispose]();
    this.#read = left;
  }

  #openAhead(): void {
    if (this.#isClosed) return;
    const aheadBytes = this.#options.profile === 'probe' ? 1 : AHEAD_BYTES;
    const from = this.#ahead.at(-1)?.extent.end ?? this.#position;
    const most = Math.min(this.#end, this.#position + aheadBytes);
    if (from >= most) return;
    for (const extent of extentsIn(this.#file, { start: from, end: most })) {
      if (this.#ahead.length >= MOST_AHEAD) return;
      const whole = this.#toItsEnd(extent);
      const range = { start: whole.offset, end: whole.offset + whole.end - whole.start };
      this.#ahead.push({ extent: whole, reader: this.#handle.open(whole.fileIndex, { ...this.#options, ...range }) });
    }
  }

  /** Extends an extent to its end in the volume, or to the end of the reader. */
  #toItsEnd(extent: Extent): Extent {
    const [whole = extent] = extentsIn(this.#file, { start: extent.start, end: this.#end });
    return whole;
  }
}
