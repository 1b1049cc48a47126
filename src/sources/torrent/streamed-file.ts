// Streams a file of a torrent to one HTTP client outside of a session, as the blocks arrive.
import type { ByteRange } from '../../base/byte-range.ts';
import type {
  FilePart,
  TorrentFile,
  TorrentHandle,
  TorrentReader,
} from '../../torrent-engine/protocol/torrent-engine.ts';
import { wholePiecesOf } from './whole-pieces.ts';

const CHUNK_BYTES = 256 * 1024;
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
   * Streams a range of the file; `isProbe`: the client probes the file, and needs a large read-ahead at once.
   * The bytes are sent before their pieces are verified. The end is held back, so that the response breaks off when a piece fails its hash.
   * @throws AppError SOURCE_CHANGED when a piece failed its hash
   */
  async *stream(
    { start, end, isProbe }: ByteRange & { isProbe: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const beganMs = performance.now();
    using reader = this.#handle.open(this.#file.index, { start, end, profile: isProbe ? 'hls' : 'player' });
    while (reader.position < end) {
      const chunk = await reader.read(Math.min(CHUNK_BYTES, end - reader.position), signal);
      const heldBytes = reader.position < end || end - start < SHORT_BYTES ? 0 : Math.min(END_BYTES, chunk.length);
      if (heldBytes < chunk.length) yield chunk.subarray(0, chunk.length - heldBytes);
      if (heldBytes === 0) continue;
      const limitMs = checkLimitMs(performance.now() - beganMs);
      await this.#untilVerified(reader, { mostBytes: end - start, limitMs }, signal);
      yield chunk.subarray(chunk.length - heldBytes);
    }
  }

  /** Waits for verification; downloads the rest of the pieces, unless that is more than the response. */
  async #untilVerified(
    reader: TorrentReader,
    { mostBytes, limitMs }: { mostBytes: number; limitMs: number },
    signal: AbortSignal,
  ): Promise<void> {
    const handle = this.#handle;
    const ranges = reader.unverified;
    const parts = await wholePiecesOf(handle, { fileIndex: this.#file.index, ranges }, signal);
    const missingBytes = ({ fileIndex, start, end }: FilePart) =>
      end - start - handle.presence(fileIndex, { start, end }).presentBytes;
    if (parts.reduce((sum, part) => sum + missingBytes(part), 0) > mostBytes) return;
    using rest = new DisposableStack();
    for (const { fileIndex, ...range } of parts) rest.use(handle.open(fileIndex, { ...range, profile: 'download' }));
    const limit = AbortSignal.timeout(limitMs);
    try {
      await reader.allVerified(AbortSignal.any([signal, limit]));
    } catch (error) {
      if (!limit.aborted || signal.aborted) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#handle[Symbol.dispose]();
  }
}

/** How long the end of a response that took `tookMs` waits for the verification of its pieces. */
export function checkLimitMs(tookMs: number): number {
  return Math.min(Math.max(LEAST_CHECK_MS, Math.ceil(tookMs)), MOST_CHECK_MS);
}
