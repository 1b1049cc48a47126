// A file of a torrent as a source: a read waits for its blocks, and the download follows the readers.
import { setTimeout as delay } from 'node:timers/promises';
import { digest } from '../../base/digest.ts';

import { AppError } from '../../base/app-error.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import type { SourcePublisher } from '../port/source-publisher.ts';
import type { MediaInput, Source } from '../port/source.ts';
import type { ReaderProfile, TorrentFile, TorrentHandle } from '../../torrent-engine/protocol/torrent-engine.ts';
import { wholePiecesOf } from './whole-pieces.ts';

export interface TorrentSourceOptions {
  /** The source owns the handle. */
  handle: TorrentHandle;
  file: TorrentFile;
  publisher: SourcePublisher;
  /** Called once, when a reader gets the first bytes. */
  onFirstBytes?(): void;
  closed(): void;
}

interface StreamOptions extends ByteRange {
  profile: ReaderProfile;
  verifiedOnly: boolean;
}

const CHUNK_BYTES = 256 * 1024;
const CHECK_MS = 250;
/** Number of noted ranges above which the verified ones are dropped. */
const MOST_READS = 500;
/** Tries of a read: after a failed hash the range is read again, from verified pieces only. */
const TRIES = 3;

export class TorrentSource implements Source {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly seekable = true;
  readonly followsReaders = true;
  readonly input: MediaInput;
  readonly infoHash: string;
  readonly fileIndex: number;
  readonly #options: TorrentSourceOptions;
  #hasBytes = false;
  readonly #life = new AbortController();
  readonly #corruptListeners = new Set<() => void>();
  readonly #watch: Disposable;
  /** Ranges that were returned and may be unverified; adjacent ranges are merged. */
  #unverifiedReads: ByteRange[] = [];
  #isCorrupt = false;

  constructor(options: TorrentSourceOptions) {
    const { handle, file } = options;
    this.#options = options;
    this.infoHash = handle.info.infoHash;
    this.fileIndex = file.index;
    this.id = contentId(this.infoHash, file.index);
    this.name = file.path.split('/').at(-1) ?? file.path;
    this.sizeBytes = file.sizeBytes;
    this.input = options.publisher.publish(this);
    this.#watch = handle.watch((event) => {
      if (event.type !== 'bad-data' || event.fileIndex !== this.fileIndex) return;
      this.#isCorrupt = true;
      for (const listener of this.#corruptListeners) listener();
    });
  }

  watchCorrupt(listener: () => void): Disposable {
    this.#corruptListeners.add(listener);
    return { [Symbol.dispose]: () => void this.#corruptListeners.delete(listener) };
  }

  watchGone(listener: () => void): Disposable {
    return this.#options.handle.watch((event) => event.type === 'removed' && listener());
  }

  async verified(signal: AbortSignal): Promise<boolean> {
    const asked = this.#unverifiedReads.map((range) => ({ ...range }));
    const either = AbortSignal.any([signal, this.#life.signal]);
    if (either.aborted) return false;
    await this.#completePieces(asked, either).catch(() => undefined);
    while (!either.aborted && !this.#isCorrupt && !asked.every((range) => this.#isVerified(range))) {
      await delay(CHECK_MS, undefined, { signal: either, ref: false }).catch(() => undefined);
    }
    return !either.aborted && !this.#isCorrupt;
  }

  async read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#read(range, { profile: 'probe', verifiedOnly: tries > 1 }, signal);
      } catch (error) {
        // The caller has no bytes of this read yet, so the range can be read again.
        if (tries === TRIES || !isBadData(error)) throw error;
      }
    }
  }

  async *stream(range: { start: number; end?: number }, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { start, end } = this.#within(range);
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(CHUNK_BYTES, end - start)));
    yield* this.#parts({ start, end, profile: 'hls', verifiedOnly: false }, () => buffer, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#life.signal.aborted) return;
    this.#life.abort(new AppError('SOURCE_FAILED', 'The source is closed'));
    this.#watch[Symbol.dispose]();
    this.#options.publisher.withdraw(this);
    this.#options.handle[Symbol.dispose]();
    this.#options.closed();
  }

  async #read(
    range: ByteRange,
    how: { profile: ReaderProfile; verifiedOnly: boolean },
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { start, end } = this.#within(range);
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, end - start));
    let filled = 0;
    const free = () => bytes.subarray(filled, filled + CHUNK_BYTES);
    for await (const part of this.#parts({ start, end, ...how }, free, signal)) filled += part.length;
    return bytes;
  }

  /** Reads the range into the buffers that `bufferFor` returns for each part. */
  async *#parts(
    { start, end, ...how }: StreamOptions,
    bufferFor: () => Uint8Array,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted();
    this.#life.signal.throwIfAborted();
    if (start >= end) return;
    const either = AbortSignal.any([signal, this.#life.signal]);
    using reader = this.#options.handle.open(this.fileIndex, { start, end, ...how });
    while (reader.position < end) {
      const buffer = bufferFor();
      const bytesRead = await reader.read(buffer, either);
      if (bytesRead === 0) throw new TypeError('the file of a torrent ended before its end');
      this.#note({ start: reader.position - bytesRead, end: reader.position });
      this.#noteFirstBytes();
      yield buffer.subarray(0, bytesRead);
    }
  }

  #noteFirstBytes(): void {
    if (this.#hasBytes) return;
    this.#hasBytes = true;
    this.#options.onFirstBytes?.();
  }

  /** Notes a returned range; extends the last one, since most reads are sequential. */
  #note(range: ByteRange): void {
    const last = this.#unverifiedReads.at(-1);
    if (last?.end === range.start) last.end = range.end;
    else this.#unverifiedReads.push(range);
    if (this.#unverifiedReads.length > MOST_READS)
      this.#unverifiedReads = this.#unverifiedReads.filter((each) => !this.#isVerified(each));
  }

  /** Prefetches the rest of the pieces, at the lowest urgency. */
  async #completePieces(ranges: readonly ByteRange[], signal: AbortSignal): Promise<void> {
    const { handle } = this.#options;
    const unverified = ranges.filter((range) => !this.#isVerified(range));
    const parts = await wholePiecesOf(handle, { fileIndex: this.fileIndex, ranges: unverified }, signal);
    for (const [index, wanted] of Map.groupBy(parts, ({ fileIndex }) => fileIndex)) handle.prefetch(index, wanted);
  }

  #isVerified(range: ByteRange): boolean {
    const { pieces, verifiedPieces } = this.#options.handle.presence(this.fileIndex, range);
    return verifiedPieces === pieces;
  }

  #within({ start, end = this.sizeBytes }: { start: number; end?: number }): ByteRange {
    return { start, end: Math.min(end, this.sizeBytes) };
  }
}

/** Content id, 32 hex digits, from the info hash, which identifies the content: no byte has to be read. */
function contentId(infoHash: string, fileIndex: number): string {
  return digest(`torrent ${infoHash} ${fileIndex}`);
}

function isBadData(error: unknown): boolean {
  return error instanceof AppError && error.code === 'SOURCE_CHANGED';
}
