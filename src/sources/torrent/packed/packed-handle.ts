// A torrent with one file more: the film that lies in the volumes of an archive. All else is as the torrent itself tells.
import type { ByteRange } from '../../../base/byte-range.ts';
import type {
  FilePart,
  Presence,
  ReaderOptions,
  TorrentEvent,
  TorrentHandle,
  TorrentInfo,
  TorrentMetadata,
  TorrentReader,
} from '../../../torrent-engine/protocol/torrent-engine.ts';
import { extentsIn, type PackedFilm } from './packed-film.ts';
import { PackedReader } from './packed-reader.ts';

export class PackedHandle implements TorrentHandle {
  readonly #handle: TorrentHandle;
  readonly #film: PackedFilm;
  /** Volumes of which something is to be fetched for later. */
  readonly #prefetched = new Set<number>();

  /** Owns the handle. */
  constructor(handle: TorrentHandle, film: PackedFilm) {
    this.#handle = handle;
    this.#film = film;
  }

  get info(): TorrentInfo {
    return this.#handle.info;
  }

  metadata(signal: AbortSignal): Promise<TorrentMetadata> {
    return this.#handle.metadata(signal);
  }

  open(fileIndex: number, wish: ReaderOptions): TorrentReader {
    if (!this.#isFilm(fileIndex)) return this.#handle.open(fileIndex, wish);
    return new PackedReader(this.#handle, this.#film, wish);
  }

  prefetch(fileIndex: number, ranges: readonly ByteRange[]): void {
    if (!this.#isFilm(fileIndex)) return this.#handle.prefetch(fileIndex, ranges);
    const parts = Map.groupBy(this.#parts(ranges), (part) => part.fileIndex);
    const volumes = new Set([...this.#prefetched, ...parts.keys()]);
    for (const volume of volumes) this.#handle.prefetch(volume, parts.get(volume) ?? []);
    this.#prefetched.clear();
    for (const volume of parts.keys()) this.#prefetched.add(volume);
  }

  presence(fileIndex: number, range: ByteRange): Presence {
    if (!this.#isFilm(fileIndex)) return this.#handle.presence(fileIndex, range);
    const sum: Presence = { presentBytes: 0, verifiedBytes: 0, pieces: 0, verifiedPieces: 0 };
    for (const part of this.#parts([range])) {
      const { presentBytes, verifiedBytes, pieces, verifiedPieces } = this.#handle.presence(part.fileIndex, part);
      sum.presentBytes += presentBytes;
      sum.verifiedBytes += verifiedBytes;
      // A piece on a border counts for both.
      sum.pieces += pieces;
      sum.verifiedPieces += verifiedPieces;
    }
    return sum;
  }

  partsOf(fileIndex: number, ranges: readonly ByteRange[]): FilePart[] {
    return this.#isFilm(fileIndex) ? this.#parts(ranges) : ranges.map((range) => ({ ...range, fileIndex }));
  }

  watch(listener: (event: TorrentEvent) => void): Disposable {
    return this.#handle.watch((event) => {
      listener(event);
      if (event.type === 'bad-data')
        for (const range of this.#inFilm(event)) listener({ ...event, fileIndex: this.#film.file.index, range });
    });
  }

  [Symbol.dispose](): void {
    this.#handle[Symbol.dispose]();
  }

  #isFilm(fileIndex: number): boolean {
    return fileIndex === this.#film.file.index;
  }

  #parts(ranges: readonly ByteRange[]): FilePart[] {
    return ranges
      .flatMap((range) => extentsIn(this.#film, range))
      .map(({ start, end, fileIndex, offset }) => {
        return { fileIndex, start: offset, end: offset + end - start };
      });
  }

  /** What of the film lies in a range of a volume. */
  #inFilm({ fileIndex, range }: { fileIndex: number; range: ByteRange }): ByteRange[] {
    return this.#film.extents
      .filter((extent) => extent.fileIndex === fileIndex)
      .map(({ start, end, offset }) => ({
        start: Math.max(start, start + range.start - offset),
        end: Math.min(end, start + range.end - offset),
      }))
      .filter(({ start, end }) => start < end);
  }
}
