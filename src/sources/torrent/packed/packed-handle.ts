// A torrent handle with one more file: the video that is packed in the volumes of an archive. All other calls go to the handle of the torrent.
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
import { extentsIn, type PackedFile } from './packed-file.ts';
import { PackedReader } from './packed-reader.ts';

export class PackedHandle implements TorrentHandle {
  readonly #handle: TorrentHandle;
  readonly #file: PackedFile;
  /** Volumes with prefetched ranges. */
  readonly #prefetched = new Set<number>();

  /** Owns the handle. */
  constructor(handle: TorrentHandle, file: PackedFile) {
    this.#handle = handle;
    this.#file = file;
  }

  get info(): TorrentInfo {
    return this.#handle.info;
  }

  metadata(signal: AbortSignal): Promise<TorrentMetadata> {
    return this.#handle.metadata(signal);
  }

  open(fileIndex: number, options: ReaderOptions): TorrentReader {
    if (!this.#isPacked(fileIndex)) return this.#handle.open(fileIndex, options);
    return new PackedReader(this.#handle, this.#file, options);
  }

  prefetch(fileIndex: number, ranges: readonly ByteRange[]): void {
    if (!this.#isPacked(fileIndex)) return this.#handle.prefetch(fileIndex, ranges);
    const parts = Map.groupBy(this.#parts(ranges), (part) => part.fileIndex);
    const volumes = new Set([...this.#prefetched, ...parts.keys()]);
    for (const volume of volumes) this.#handle.prefetch(volume, parts.get(volume) ?? []);
    this.#prefetched.clear();
    for (const volume of parts.keys()) this.#prefetched.add(volume);
  }

  presence(fileIndex: number, range: ByteRange): Presence {
    if (!this.#isPacked(fileIndex)) return this.#handle.presence(fileIndex, range);
    const sum: Presence = { presentBytes: 0, verifiedBytes: 0, pieces: 0, verifiedPieces: 0 };
    for (const part of this.#parts([range])) {
      const { presentBytes, verifiedBytes, pieces, verifiedPieces } = this.#handle.presence(part.fileIndex, part);
      sum.presentBytes += presentBytes;
      sum.verifiedBytes += verifiedBytes;
      // A piece at the border of two volumes counts for both.
      sum.pieces += pieces;
      sum.verifiedPieces += verifiedPieces;
    }
    return sum;
  }

  partsOf(fileIndex: number, ranges: readonly ByteRange[]): FilePart[] {
    return this.#isPacked(fileIndex) ? this.#parts(ranges) : ranges.map((range) => ({ ...range, fileIndex }));
  }

  watch(listener: (event: TorrentEvent) => void): Disposable {
    return this.#handle.watch((event) => {
      listener(event);
      if (event.type === 'bad-data')
        for (const range of this.#inPackedFile(event)) listener({ ...event, fileIndex: this.#file.file.index, range });
    });
  }

  [Symbol.dispose](): void {
    this.#handle[Symbol.dispose]();
  }

  #isPacked(fileIndex: number): boolean {
    return fileIndex === this.#file.file.index;
  }

  #parts(ranges: readonly ByteRange[]): FilePart[] {
    return ranges
      .flatMap((range) => extentsIn(this.#file, range))
      .map(({ start, end, fileIndex, offset }) => {
        return { fileIndex, start: offset, end: offset + end - start };
      });
  }

  /** The parts of the packed file that lie in a range of a volume. */
  #inPackedFile({ fileIndex, range }: { fileIndex: number; range: ByteRange }): ByteRange[] {
    return this.#file.extents
      .filter((extent) => extent.fileIndex === fileIndex)
      .map(({ start, end, offset }) => ({
        start: Math.max(start, start + range.start - offset),
        end: Math.min(end, start + range.end - offset),
      }))
      .filter(({ start, end }) => start < end);
  }
}
