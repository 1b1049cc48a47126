// The contents of a torrent with known metainfo: its pieces, its data file, and the download that fills the file.
import { MIB } from '../../base/units.ts';
import type { MetadataReport } from '../protocol/engine-protocol.ts';
import type { Metainfo } from '../protocol/metainfo.ts';
import { PieceLayout } from '../protocol/piece-layout.ts';
import { DataFile } from '../download/data-file.ts';
import { Download, type DownloadOptions } from '../download/download.ts';
import { headOf, type Evictable } from './piece-eviction.ts';
import { pieceHashes } from '../download/piece-hashes.ts';
import type { Reporter } from '../protocol/reporter.ts';
import { WebSeedFiles } from '../swarm/web-seed-files.ts';

/** Read-ahead until the free space of the disk has been measured. */
const FIRST_AHEAD_BYTES = 64 * MIB;

export interface TorrentContentsOptions extends Omit<
  DownloadOptions,
  'layout' | 'hashes' | 'file' | 'mostAheadBytes' | 'now'
> {
  metainfo: Metainfo;
  metainfoBytes: Uint8Array;
  dataPath: string;
}

export class TorrentContents implements Disposable {
  readonly metainfo: Metainfo;
  readonly layout: PieceLayout;
  readonly file: DataFile;
  readonly download: Download;
  readonly metainfoBytes: Uint8Array;
  readonly webSeedFiles: WebSeedFiles;

  /** @throws the error of the file system */
  constructor({ metainfo, metainfoBytes, dataPath, ...events }: TorrentContentsOptions) {
    this.metainfo = metainfo;
    this.metainfoBytes = metainfoBytes;
    this.webSeedFiles = new WebSeedFiles(metainfo, metainfoBytes);
    this.layout = new PieceLayout(metainfo.sizeBytes, metainfo.pieceBytes);
    this.file = new DataFile(dataPath, this.layout.totalBytes);
    this.download = new Download({
      ...events,
      layout: this.layout,
      file: this.file,
      hashes: pieceHashes(metainfoBytes),
      mostAheadBytes: FIRST_AHEAD_BYTES,
      now: () => performance.now(),
    });
    // After a crash the state of unfinished pieces is unknown: their space is freed.
    if (this.file.isFilled) this.#punchUnknown();
  }

  get diskBytes(): number {
    return this.download.table.diskBytes;
  }

  /** Bytes of evicted pieces whose space is not freed yet. */
  get evictingBytes(): number {
    return this.download.table.evicting.size * this.layout.pieceBytes;
  }

  get readerCount(): number {
    return this.download.readers.count;
  }

  report(): MetadataReport {
    const { infoHash, name, files, isPrivate } = this.metainfo;
    const { totalBytes, pieceBytes } = this.layout;
    return {
      type: 'metadata',
      infoHash,
      name,
      files: files.map(({ offsetBytes, ...file }) => ({ ...file, start: offsetBytes })),
      totalBytes,
      pieceBytes,
      isPrivate,
      metainfo: this.metainfoBytes,
      dataPath: this.file.path,
      claimed: this.download.table.claimed.bytes,
    };
  }

  /** Reports all blocks and verified pieces on the disk. */
  reportPieces(reporter: Reporter): void {
    for (const { start, end } of this.download.reportable()) reporter.blocks(start, end);
    for (const piece of this.download.table.verified.members()) reporter.verified(piece);
  }

  evictable({ isUsed, usedAtMs }: { isUsed: boolean; usedAtMs: number }): Evictable {
    const { layout, metainfo } = this;
    const { table, readers } = this.download;
    const { places } = readers;
    const read = metainfo.files
      .map(({ offsetBytes: start, sizeBytes }) => ({ start, end: start + sizeBytes }))
      .filter((file) => places.some(({ position }) => position >= file.start && position <= file.end));
    return {
      infoHash: metainfo.infoHash,
      layout,
      isUsed,
      usedAtMs,
      places,
      kept: [...readers.prefetched, ...read.map(({ start, end }) => headOf(start, end))],
      isOnDisk: (piece) => {
        const { start, end } = layout.blocksOf(piece);
        return table.claimed.has(piece) || (!table.evicting.has(piece) && table.present.nextSet(start, end) < end);
      },
    };
  }

  /** Removes pieces from the download; they are not requested again until they are freed. */
  evict(pieces: readonly number[]): void {
    this.download.evict(pieces);
    for (const piece of pieces) this.download.table.evicting.add(piece);
  }

  /** Frees the space of evicted pieces. False: the file system cannot punch holes. */
  free(pieces: readonly number[]): boolean {
    let isFreed = true;
    for (const piece of pieces) {
      isFreed = this.file.punch(this.layout.pieceRange(piece)) && isFreed;
      this.download.table.evicting.delete(piece);
    }
    this.download.schedule();
    return isFreed;
  }

  /** Pieces that passed their hash, now or in an earlier process. */
  goodPieces(): Uint8Array {
    const { verified, claimed } = this.download.table;
    return verified.bytes.map((byte, index) => byte | (claimed.bytes[index] ?? 0));
  }

  /** Bytes of a verified piece; undefined for any other range. */
  readForPeer(piece: number, offset: number, length: number): Uint8Array | undefined {
    const { start, end } = this.layout.pieceRange(piece);
    const range = { start: start + offset, end: start + offset + length };
    return this.download.table.verified.has(piece) && range.end <= end ? this.file.read(range) : undefined;
  }

  #punchUnknown(): void {
    const { claimed } = this.download.table;
    const { pieceCount } = this.layout;
    for (let start = claimed.nextClear(0, pieceCount); start < pieceCount;) {
      const end = claimed.nextSet(start, pieceCount);
      this.file.punch({ start: this.layout.pieceRange(start).start, end: this.layout.pieceRange(end - 1).end });
      start = claimed.nextClear(end, pieceCount);
    }
  }

  [Symbol.dispose](): void {
    this.download.stop();
    this.file[Symbol.dispose]();
  }
}
