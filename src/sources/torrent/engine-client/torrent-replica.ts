// The server's copy of the state of one torrent: updated by reports of the engine's process, read by the readers and the HTTP routes.
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import { PacedFile, type Pace } from '../../../base/paced-file.ts';
import type {
  EngineFile,
  EngineOrder,
  EngineReport,
  MetadataReport,
} from '../../../torrent-engine/protocol/engine-protocol.ts';
import {
  NO_TORRENT_STATS,
  type Presence,
  type TorrentEvent,
  type TorrentInfo,
  type TorrentMetadata,
  type TorrentStats,
} from '../../../torrent-engine/protocol/torrent-engine.ts';
import { TorrentPieces } from './torrent-pieces.ts';

/** A reader as the replica sees it. */
export interface ReplicaReader {
  readonly id: number;
  /** The state of the torrent changed: the reader checks again what it can read. */
  wake(): void;
  /** These bytes of the torrent were corrupt. */
  invalidate(range: ByteRange): void;
  /** Sends the state of the reader to the engine; repeated for a new process. */
  sendState(): void;
}

interface Contents {
  report: MetadataReport;
  pieces: TorrentPieces;
}

export class TorrentReplica implements TorrentInfo {
  readonly infoHash: string;
  readonly readers = new Map<number, ReplicaReader>();
  readonly #send: (order: EngineOrder) => void;
  readonly #listeners = new Set<(event: TorrentEvent) => void>();
  readonly #pace: Pace = { isQuick: false };
  readonly #prefetches = new Map<number, readonly ByteRange[]>();
  #name: string;
  #contents: Contents | undefined;
  #metadata = Promise.withResolvers<TorrentMetadata>();
  #file: PacedFile | undefined;
  #stats = NO_TORRENT_STATS;
  #isDown = false;
  #isRemoved = false;

  constructor(infoHash: string, name: string, send: (order: EngineOrder) => void) {
    this.infoHash = infoHash;
    this.#name = name;
    this.#send = send;
    this.#metadata.promise.catch(() => undefined);
  }

  get name(): string {
    return this.#name;
  }

  get files(): readonly EngineFile[] | undefined {
    return this.#contents?.report.files;
  }

  get stats(): TorrentStats {
    return this.#isDown
      ? { ...this.#stats, problem: 'engine-down', peers: 0, downloadSpeed: 0, uploadSpeed: 0 }
      : this.#stats;
  }

  /** Rejects when the metainfo cannot be had any more. */
  get metadata(): Promise<TorrentMetadata> {
    return this.#metadata.promise;
  }

  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  watch(listener: (event: TorrentEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  prefetch(fileIndex: number, ranges: readonly ByteRange[]): void {
    const { start, sizeBytes } = this.fileAt(fileIndex);
    const inTorrent = ranges
      .map((range) => ({ start: start + Math.max(0, range.start), end: start + Math.min(sizeBytes, range.end) }))
      .filter((range) => range.start < range.end);
    this.#prefetches.set(fileIndex, inTorrent);
    this.#send({ type: 'prefetch', infoHash: this.infoHash, fileIndex, ranges: inTorrent });
  }

  /** @throws AppError NOT_READY, NOT_FOUND */
  fileAt(index: number): EngineFile {
    if (!this.#contents) throw new AppError('NOT_READY', 'It is not known yet what is in this torrent');
    const file = this.#contents.report.files[index];
    if (!file) throw new AppError('NOT_FOUND', `This torrent has no file ${index}`);
    return file;
  }

  presence(fileIndex: number, range: ByteRange): Presence {
    const { start, sizeBytes } = this.fileAt(fileIndex);
    const from = start + Math.max(0, range.start);
    const to = start + Math.min(range.end, sizeBytes);
    if (!this.#contents || to <= from) return { presentBytes: 0, verifiedBytes: 0, pieces: 0, verifiedPieces: 0 };
    return this.#contents.pieces.presence({ start: from, end: to });
  }

  /** End, exclusive, of the bytes that can be read without a gap from `position`; `position` itself when there are none. */
  readableEnd(position: number, end: number, verifiedOnly: boolean): number {
    if (!this.#contents || position >= end) return position;
    return this.#contents.pieces.readableEnd({ start: position, end }, verifiedOnly);
  }

  /** Whether the next read of the data file will probably come from the page cache of the system. */
  get isQuick(): boolean {
    return this.#pace.isQuick;
  }

  /**
   * Fills the buffer from the data file. Returns the number of bytes. The caller checks afterwards that the bytes were on the disk during the
   * whole read.
   * @throws AppError NOT_READY, SOURCE_FAILED
   */
  async readFile(buffer: Uint8Array, position: number): Promise<number> {
    const { dataPath } = this.#contents?.report ?? {};
    if (dataPath === undefined) throw new AppError('NOT_READY', 'It is not known yet what is in this torrent');
    let file: PacedFile | undefined;
    try {
      file = this.#file ??= new PacedFile(dataPath, this.#pace);
      return await file.read(buffer, position);
    } catch (cause) {
      if (this.#file === file) void this.#closeFile();
      throw new AppError('SOURCE_FAILED', 'The data of the torrent could not be read from the disk', { cause });
    }
  }

  /** Notes the unverified blocks in a range that a reader returned. */
  noteRead(range: ByteRange): void {
    this.#contents?.pieces.noteRead(range);
  }

  /** The parts of a range that were returned unverified and are not verified yet. */
  unverifiedReads(range: ByteRange): ByteRange[] {
    return this.#contents?.pieces.unverifiedReads(range) ?? [];
  }

  apply(report: Exclude<EngineReport, { type: 'ready' | 'pong' | 'kept' | 'removed' }>): void {
    if (report.type === 'metadata') this.#setMetadata(report);
    else if (report.type === 'stats') this.#setStats(report.stats);
    else {
      if (this.#contents) this.#applyBlocks(report, this.#contents.pieces);
      if (report.type === 'lost' && report.why === 'evicted')
        this.#send({ type: 'eviction-acknowledged', infoHash: this.infoHash, ticket: report.ticket });
    }
  }

  /** The process ended: the next one will only know the verified pieces on the disk. */
  lostEngine(): void {
    this.#isDown = true;
    // The next process may start a new data file.
    void this.#closeFile();
    this.#contents?.pieces.lostEngine();
  }

  /** Sends the complete state to a new process. */
  resend(): void {
    this.#isDown = false;
    this.#sendReaders();
    this.#emit({ type: 'restarted' });
  }

  async remove(): Promise<void> {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    this.#metadata.reject(new AppError('SOURCE_NOT_FOUND', 'The torrent was removed'));
    for (const reader of this.readers.values()) reader.wake();
    this.#emit({ type: 'removed' });
    await this.#closeFile();
  }

  /** Reads that are pending end first; the next read opens the file again. */
  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #sendReaders(): void {
    for (const reader of this.readers.values()) reader.sendState();
    for (const [fileIndex, ranges] of this.#prefetches) {
      this.#send({ type: 'prefetch', infoHash: this.infoHash, fileIndex, ranges });
    }
  }

  #setMetadata(report: MetadataReport): void {
    if (this.#contents?.report.totalBytes === report.totalBytes) this.#contents.pieces.claimed = report.claimed;
    else this.#contents = { report, pieces: new TorrentPieces(report) };
    this.#name = report.name;
    const { name, files, pieceBytes, isPrivate, metainfo } = report;
    const { pieceCount } = this.#contents.pieces;
    this.#metadata.resolve({ name, files, pieceBytes, pieceCount, isPrivate, metainfo });
    this.#emit({ type: 'metadata' });
    // A process that first had to request the metainfo from peers ignored the readers and prefetches sent before.
    this.#sendReaders();
    this.#wakeAll();
  }

  #setStats(stats: TorrentStats): void {
    const { problem } = this.#stats;
    this.#stats = stats;
    if (stats.error !== undefined) this.#metadata.reject(new AppError('SOURCE_UNUSABLE', stats.error));
    if (stats.problem !== problem) this.#emit({ type: 'problem' });
    if (stats.error !== undefined) this.#wakeAll();
  }

  #applyBlocks(report: Extract<EngineReport, { type: 'blocks' | 'verified' | 'lost' }>, pieces: TorrentPieces): void {
    if (report.type === 'blocks') for (const blocks of pairs(report.ranges)) pieces.addBlocks(blocks);
    else if (report.type === 'verified') for (const piece of report.pieces) pieces.verify(piece);
    else if (report.why === 'evicted') for (const blocks of pairs(report.ranges)) pieces.evict(blocks);
    else for (const blocks of pairs(report.ranges)) this.#invalidate(blocks, pieces);
    this.#wakeAll();
  }

  #invalidate(blocks: ByteRange, pieces: TorrentPieces): void {
    const { bytes, wereRead } = pieces.invalidate(blocks);
    for (const reader of this.readers.values()) reader.invalidate(bytes);
    if (wereRead) this.#emitBadData(bytes);
  }

  #emitBadData(bytes: ByteRange): void {
    for (const { index, start, sizeBytes } of this.files ?? []) {
      const range = { start: Math.max(bytes.start - start, 0), end: Math.min(bytes.end - start, sizeBytes) };
      if (range.start < range.end) this.#emit({ type: 'bad-data', fileIndex: index, range });
    }
  }

  #wakeAll(): void {
    for (const reader of this.readers.values()) reader.wake();
  }

  #emit(event: TorrentEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function* pairs(flat: Uint32Array): Generator<ByteRange> {
  for (let at = 0; at + 1 < flat.length; at += 2) yield { start: flat[at] ?? 0, end: flat[at + 1] ?? 0 };
}
