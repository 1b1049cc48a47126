// What the server knows of one torrent: told by the engine's process, read by everybody else.
import { open, type FileHandle } from 'node:fs/promises';
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import { BitSet } from '../../../torrent-engine/protocol/bit-set.ts';
import type {
  EngineFile,
  EngineOrder,
  EngineReport,
  MetadataReport,
} from '../../../torrent-engine/protocol/engine-protocol.ts';
import { PieceLayout } from '../../../torrent-engine/protocol/piece-layout.ts';
import {
  NO_TORRENT_STATS,
  type Presence,
  type TorrentEvent,
  type TorrentInfo,
  type TorrentMetadata,
  type TorrentStats,
} from '../../../torrent-engine/protocol/torrent-engine.ts';

/** A reader, to the mirror. */
export interface MirrorReader {
  readonly id: number;
  /** Something changed: look again. */
  wake(): void;
  /** These bytes of the torrent were bad. */
  spoil(range: ByteRange): void;
  /** What the engine has to know of it; told anew to another process. */
  tell(): void;
}

interface Contents {
  report: MetadataReport;
  layout: PieceLayout;
  present: BitSet;
  verified: BitSet;
  /** Pieces of an earlier process that are to be checked before anybody gets them. */
  claimed: BitSet;
  /** Blocks that were given out before their piece had passed its hash. */
  given: BitSet;
}

export class TorrentMirror implements TorrentInfo {
  readonly infoHash: string;
  readonly readers = new Map<number, MirrorReader>();
  readonly #send: (order: EngineOrder) => void;
  readonly #listeners = new Set<(event: TorrentEvent) => void>();
  readonly #prefetches = new Map<number, readonly ByteRange[]>();
  #name: string;
  #contents: Contents | undefined;
  #metadata = Promise.withResolvers<TorrentMetadata>();
  #file: Promise<FileHandle> | undefined;
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

  /** Rejects when it never will be there. */
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
    const { layout, present, verified, claimed } = this.#contents;
    const blocks = layout.blocksIn({ start: from, end: to });
    const pieces = layout.piecesIn({ start: from, end: to });
    const wanted = { start: from, end: to };
    const inPieces = (set: BitSet) =>
      bytesIn(wanted, set.runs(pieces.start, pieces.end), (run) => layout.bytesOfPieces(run));
    const inBlocks = bytesIn(wanted, present.runs(blocks.start, blocks.end), (run) => layout.bytesOfBlocks(run));
    const presentBytes = inBlocks + inPieces(claimed);
    const verifiedBytes = inPieces(verified);
    const verifiedPieces = verified.countIn(pieces.start, pieces.end);
    return { presentBytes, verifiedBytes, pieces: pieces.end - pieces.start, verifiedPieces };
  }

  /** One after the last byte that can be read without a gap from `position` on; `position` itself when nothing can. */
  readableEnd(position: number, end: number, verifiedOnly: boolean): number {
    if (!this.#contents || position >= end) return position;
    const { layout, present, verified } = this.#contents;
    if (verifiedOnly) {
      const pieces = layout.piecesIn({ start: position, end });
      const piece = verified.nextClear(pieces.start, pieces.end);
      return piece >= pieces.end ? end : Math.max(position, layout.pieceRange(piece).start);
    }
    const blocks = layout.blocksIn({ start: position, end });
    const block = present.nextClear(blocks.start, blocks.end);
    return block >= blocks.end ? end : Math.max(position, layout.blockRange(block).start);
  }

  /** Bytes as they are in the file: the caller looks afterwards whether they had been there all the time. */
  async readFile(range: ByteRange): Promise<Uint8Array> {
    const { dataPath } = this.#contents?.report ?? {};
    if (dataPath === undefined) throw new AppError('NOT_READY', 'It is not known yet what is in this torrent');
    this.#file ??= open(dataPath, 'r');
    const bytes = Buffer.allocUnsafeSlow(range.end - range.start);
    try {
      const file = await this.#file;
      const { bytesRead } = await file.read(bytes, 0, bytes.length, range.start);
      return bytes.subarray(0, bytesRead);
    } catch (cause) {
      this.#file = undefined;
      throw new AppError('SOURCE_FAILED', 'The data of the torrent could not be read from the disk', { cause });
    }
  }

  /** Notes what was given out before it was checked. */
  gaveOut(range: ByteRange): void {
    if (!this.#contents) return;
    const { layout, verified, given } = this.#contents;
    const { start, end } = layout.blocksIn(range);
    for (let block = start; block < end; block += 1) if (!verified.has(layout.pieceOf(block))) given.add(block);
  }

  /** What of a range was given out and has not been checked yet. */
  uncheckedIn(range: ByteRange): ByteRange[] {
    if (!this.#contents) return [];
    const { layout, given } = this.#contents;
    const { start, end } = layout.blocksIn(range);
    const unchecked: ByteRange[] = [];
    for (let block = given.nextSet(start, end); block < end;) {
      const runEnd = given.nextClear(block, end);
      const bytes = layout.bytesOfBlocks({ start: block, end: runEnd });
      unchecked.push({ start: Math.max(bytes.start, range.start), end: Math.min(bytes.end, range.end) });
      block = given.nextSet(runEnd, end);
    }
    return unchecked;
  }

  hear(report: Exclude<EngineReport, { type: 'ready' | 'here' | 'kept' | 'removed' }>): void {
    if (report.type === 'metadata') this.#learn(report);
    else if (report.type === 'stats') this.#follow(report.stats);
    else {
      if (this.#contents) this.#mark(report, this.#contents);
      if (report.type === 'lost' && report.why === 'evicted')
        this.#send({ type: 'let-go', infoHash: this.infoHash, ticket: report.ticket });
    }
  }

  /** The process is gone: of what is on the disk only whole pieces will be known to the next one. */
  lostEngine(): void {
    this.#isDown = true;
    // The next process may begin a file of its own.
    void this.#file?.then((file) => file.close()).catch(() => undefined);
    this.#file = undefined;
    if (!this.#contents) return;
    const { present, verified, claimed } = this.#contents;
    for (const piece of verified.members()) claimed.add(piece);
    present.deleteRange(0, present.size);
    verified.deleteRange(0, verified.size);
  }

  /** Another process is there: it has to know everything. */
  tellAgain(): void {
    this.#isDown = false;
    this.#tellPlaces();
    this.#emit({ type: 'restarted' });
  }

  async remove(): Promise<void> {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    this.#metadata.reject(new AppError('SOURCE_NOT_FOUND', 'The torrent was removed'));
    for (const reader of this.readers.values()) reader.wake();
    this.#emit({ type: 'removed' });
    await this.#file?.then((file) => file.close()).catch(() => undefined);
    this.#file = undefined;
  }

  #tellPlaces(): void {
    for (const reader of this.readers.values()) reader.tell();
    for (const [fileIndex, ranges] of this.#prefetches) {
      this.#send({ type: 'prefetch', infoHash: this.infoHash, fileIndex, ranges });
    }
  }

  #learn(report: MetadataReport): void {
    if (this.#contents === undefined || this.#contents.report.totalBytes !== report.totalBytes) {
      const layout = new PieceLayout(report.totalBytes, report.pieceBytes);
      const { blockCount, pieceCount } = layout;
      const [present, given] = [new BitSet(blockCount), new BitSet(blockCount)];
      const [verified, claimed] = [new BitSet(pieceCount), new BitSet(pieceCount)];
      this.#contents = { report, layout, present, verified, claimed, given };
    }
    this.#contents.claimed = new BitSet(this.#contents.layout.pieceCount, report.claimed);
    this.#name = report.name;
    const { name, files, pieceBytes, isPrivate, metainfo } = report;
    const { pieceCount } = this.#contents.layout;
    this.#metadata.resolve({ name, files, pieceBytes, pieceCount, isPrivate, metainfo });
    this.#emit({ type: 'metadata' });
    // A process that had to ask peers for it first could do nothing with what it was told of them before.
    this.#tellPlaces();
    this.#wakeAll();
  }

  #follow(stats: TorrentStats): void {
    const { problem } = this.#stats;
    this.#stats = stats;
    if (stats.error !== undefined) this.#metadata.reject(new AppError('SOURCE_UNUSABLE', stats.error));
    if (stats.problem !== problem) this.#emit({ type: 'problem' });
    if (stats.error !== undefined) this.#wakeAll();
  }

  #mark(report: Extract<EngineReport, { type: 'blocks' | 'verified' | 'lost' }>, contents: Contents): void {
    const { layout, present, verified, claimed, given } = contents;
    if (report.type === 'blocks') for (const { start, end } of pairs(report.ranges)) present.addRange(start, end);
    else if (report.type === 'verified') {
      for (const piece of report.pieces) {
        const { start, end } = layout.blocksOf(piece);
        present.addRange(start, end);
        given.deleteRange(start, end);
        verified.add(piece);
        claimed.delete(piece);
      }
    } else {
      for (const range of pairs(report.ranges)) this.#lose(range, report.why, contents);
    }
    this.#wakeAll();
  }

  #lose(
    { start, end }: ByteRange,
    why: 'bad' | 'evicted',
    { layout, present, verified, claimed, given }: Contents,
  ): void {
    present.deleteRange(start, end);
    for (let piece = layout.pieceOf(start); piece <= layout.pieceOf(end - 1); piece += 1) {
      verified.delete(piece);
      claimed.delete(piece);
    }
    if (why === 'evicted') return;
    const bytes = layout.bytesOfBlocks({ start, end });
    for (const reader of this.readers.values()) reader.spoil(bytes);
    if (given.nextSet(start, end) < end) this.#tellBad(bytes);
    given.deleteRange(start, end);
  }

  #tellBad(bytes: ByteRange): void {
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

/** How many bytes of `range` lie in runs of pieces or blocks, whose bytes `placeOf` tells. */
function bytesIn(range: ByteRange, runs: Iterable<ByteRange>, placeOf: (run: ByteRange) => ByteRange): number {
  let bytes = 0;
  for (const run of runs) {
    const { start, end } = placeOf(run);
    bytes += Math.min(end, range.end) - Math.max(start, range.start);
  }
  return bytes;
}

function* pairs(flat: Uint32Array): Generator<ByteRange> {
  for (let at = 0; at + 1 < flat.length; at += 2) yield { start: flat[at] ?? 0, end: flat[at + 1] ?? 0 };
}
