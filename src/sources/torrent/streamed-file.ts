// Streams a file of a torrent to one HTTP client outside of a session, as the blocks arrive.
import type { ByteRange } from '../../base/byte-range.ts';
import type { PartReader } from '../../base/part-reader.ts';
import type {
  FilePart,
  TorrentFile,
  TorrentHandle,
  TorrentReader,
} from '../../torrent-engine/protocol/torrent-engine.ts';
import { wholePiecesOf } from './whole-pieces.ts';

/** The end of a response waits until all of the response is verified... */
const END_BYTES = 16 * 1024;
/** ... unless the response is so short that the client only probes: the rest of a piece would take longer than the response... */
const SHORT_BYTES = 256 * 1024;
/** ... and not longer than the response has taken so far, clamped to these: after a pause of hours a player still waits only seconds. */
const [LEAST_CHECK_MS, MOST_CHECK_MS] = [1000, 10_000];

export class StreamedFile implements Disposable {
  /** Last part of the path in the torrent. */
  readonly name: string;
  readonly sizeBytes: number;
  /** A strong validator (RFC 9110, 8.8.1), because the info hash identifies the content. */
  readonly etag: string;
  readonly #handle: TorrentHandle;
  readonly #file: TorrentFile;

  /** Owns the handle. */
  constructor(handle: TorrentHandle, file: TorrentFile) {
    this.#handle = handle;
    this.#file = file;
    this.name = file.path.split('/').at(-1) ?? file.path;
    this.sizeBytes = file.sizeBytes;
    this.etag = `"${handle.info.infoHash}-${file.index}"`;
  }

  /**
   * Opens a range of the file; `isProbe`: the client probes the file, and needs a large read-ahead at once.
   * @throws AppError as the port's `open`
   */
  async open({ start, end, isProbe }: ByteRange & { isProbe: boolean }, signal: AbortSignal): Promise<PartReader> {
    const reader = this.#handle.open(this.#file.index, { start, end, profile: isProbe ? 'hls' : 'player' });
    return new StreamedRange({
      handle: this.#handle,
      fileIndex: this.#file.index,
      reader,
      range: { start, end },
      signal,
    });
  }

  [Symbol.dispose](): void {
    this.#handle[Symbol.dispose]();
  }
}

interface StreamedRangeOptions {
  handle: TorrentHandle;
  fileIndex: number;
  /** Owned by the range. */
  reader: TorrentReader;
  range: ByteRange;
  signal: AbortSignal;
}

/**
 * The bytes are returned before their pieces are verified. The end is held back, so that the response breaks off when a piece fails its hash:
 * the read fails with SOURCE_CHANGED.
 */
class StreamedRange implements PartReader {
  readonly bytes = undefined;
  readonly #options: StreamedRangeOptions;
  readonly #openedMs = performance.now();

  constructor(options: StreamedRangeOptions) {
    this.#options = options;
  }

  get isQuick(): boolean {
    return this.#options.reader.isQuick;
  }

  async read(buffer: Uint8Array): Promise<number> {
    const { reader, range, signal } = this.#options;
    const heldStart = range.end - range.start < SHORT_BYTES ? range.end : range.end - END_BYTES;
    const end = reader.position < heldStart ? heldStart : range.end;
    const bytesRead = await reader.read(buffer.subarray(0, end - reader.position), signal);
    if (bytesRead > 0 && heldStart < range.end && reader.position === range.end) await this.#untilVerified();
    return bytesRead;
  }

  /** Waits for verification; downloads the rest of the pieces, unless that is more than the response. */
  async #untilVerified(): Promise<void> {
    const { handle, fileIndex, reader, range, signal } = this.#options;
    if (reader.unverified.length === 0) return;
    const limitMs = checkLimitMs(performance.now() - this.#openedMs);
    const parts = await wholePiecesOf(handle, { fileIndex, ranges: reader.unverified }, signal);
    const missingBytes = (part: FilePart) => part.end - part.start - handle.presence(part.fileIndex, part).presentBytes;
    if (parts.reduce((sum, part) => sum + missingBytes(part), 0) > range.end - range.start) return;
    using rest = new DisposableStack();
    for (const part of parts) rest.use(handle.open(part.fileIndex, { ...part, profile: 'download' }));
    const limit = AbortSignal.timeout(limitMs);
    try {
      await reader.allVerified(AbortSignal.any([signal, limit]));
    } catch (error) {
      if (!limit.aborted || signal.aborted) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#options.reader[Symbol.dispose]();
  }
}

/** How long the end of a response that took `tookMs` waits for the verification of its pieces. */
export function checkLimitMs(tookMs: number): number {
  return Math.min(Math.max(LEAST_CHECK_MS, Math.ceil(tookMs)), MOST_CHECK_MS);
}
