// Reads a film out of the volumes of an archive, one after the other. The next ones are opened ahead of the reader, so that the download
// does not stop at their borders.
import { MIB } from '../../../base/units.ts';
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import type { ReaderOptions, TorrentHandle, TorrentReader } from '../../../torrent-engine/protocol/torrent-engine.ts';
import { extentsIn, type Extent, type PackedFilm } from './packed-film.ts';

/** What lies nearer than this is opened already, by all but those who only look around. */
const AHEAD_BYTES = 16 * MIB;
const MOST_AHEAD = 8;

interface Opened {
  extent: Extent;
  reader: TorrentReader;
}

export class PackedReader implements TorrentReader {
  readonly #handle: TorrentHandle;
  readonly #film: PackedFilm;
  readonly #wish: ReaderOptions;
  readonly #end: number;
  /** Read to their ends, not all of it checked. */
  #read: Opened[] = [];
  /** The one at the position, and those after it. */
  #ahead: Opened[] = [];
  #position: number;
  #isClosed = false;

  /** @throws AppError RANGE_NOT_SATISFIABLE */
  constructor(handle: TorrentHandle, film: PackedFilm, wish: ReaderOptions) {
    const { sizeBytes } = film.file;
    const { start, end = sizeBytes } = wish;
    if (!(start >= 0 && start <= end && end <= sizeBytes))
      throw new AppError('RANGE_NOT_SATISFIABLE', `The file has ${sizeBytes} bytes`);
    this.#handle = handle;
    this.#film = film;
    this.#wish = wish;
    this.#end = end;
    this.#position = start;
    this.#openAhead();
  }

  get position(): number {
    return this.#position;
  }

  get unchecked(): ByteRange[] {
    return [...this.#read, ...this.#ahead].flatMap(({ extent, reader }) =>
      reader.unchecked.map((range) => ({
        start: range.start - extent.offset + extent.start,
        end: range.end - extent.offset + extent.start,
      })),
    );
  }

  async read(maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const [current] = this.#ahead;
    if (current === undefined || this.#position >= this.#end) return new Uint8Array(0);
    const bytes = await current.reader.read(Math.min(maxBytes, current.extent.end - this.#position), signal);
    this.#position += bytes.length;
    if (this.#position === current.extent.end) this.#pass(current);
    this.#openAhead();
    return bytes;
  }

  async allChecked(signal: AbortSignal): Promise<void> {
    for (const { reader } of [...this.#read, ...this.#ahead]) await reader.allChecked(signal);
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

  /** Readers are kept as long as something they gave out may turn out to be wrong. */
  #pass(current: Opened): void {
    this.#ahead.shift();
    this.#read.push(current);
    const { true: done = [], false: left = [] } = Object.groupBy(this.#read, ({ reader }) =>
      reader.unchecked.length === 0 ? 'true' : 'false',
    );
    for (const { reader } of done) reader[Symbol.dispose]();
    this.#read = left;
  }

  #openAhead(): void {
    if (this.#isClosed) return;
    const reach = this.#wish.profile === 'probe' ? 1 : AHEAD_BYTES;
    const from = this.#ahead.at(-1)?.extent.end ?? this.#position;
    const most = Math.min(this.#end, this.#position + reach);
    if (from >= most) return;
    for (const extent of extentsIn(this.#film, { start: from, end: most })) {
      if (this.#ahead.length >= MOST_AHEAD) return;
      const whole = this.#toItsEnd(extent);
      const range = { start: whole.offset, end: whole.offset + whole.end - whole.start };
      this.#ahead.push({ extent: whole, reader: this.#handle.open(whole.fileIndex, { ...this.#wish, ...range }) });
    }
  }

  /** From where the extent begins to where it ends in its volume, or where the reader does. */
  #toItsEnd(extent: Extent): Extent {
    const [whole = extent] = extentsIn(this.#film, { start: extent.start, end: this.#end });
    return whole;
  }
}
