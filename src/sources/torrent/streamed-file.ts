// A file of a torrent for one reader outside of a session: its bytes as they come.
import type { ByteRange } from '../../base/byte-range.ts';
import type {
  FilePart,
  TorrentFile,
  TorrentHandle,
  TorrentReader,
} from '../../torrent-engine/protocol/torrent-engine.ts';
import { wholePiecesOf } from './whole-pieces.ts';

const CHUNK_BYTES = 256 * 1024;
/** The end of an answer waits until all of it has been checked... */
const END_BYTES = 16 * 1024;
/** ... unless it is so short that whoever asks only looks around: the rest of a piece would take longer than all of it... */
const SHORT_BYTES = 256 * 1024;
/** ... and not longer than the answer has taken so far, within these: a player that paused for hours still waits for seconds. */
const [LEAST_CHECK_MS, MOST_CHECK_MS] = [1000, 10_000];

export class StreamedFile implements Disposable {
  /** Last part of its path. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Strong: the info hash names the content. */
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
   * The bytes of a range inside the file; `isProbe`: somebody looks around in it, and needs much at once.
   * They come before their pieces have been checked. Should one of them fail, the answer breaks off: its end is held back meanwhile.
   * @throws AppError SOURCE_CHANGED when that happened
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
      await this.#untilChecked(reader, { mostBytes: end - start, limitMs }, signal);
      yield chunk.subarray(chunk.length - heldBytes);
    }
  }

  /** Has the rest of the pieces fetched, if that is not more than was asked for. */
  async #untilChecked(
    reader: TorrentReader,
    { mostBytes, limitMs }: { mostBytes: number; limitMs: number },
    signal: AbortSignal,
  ): Promise<void> {
    const handle = this.#handle;
    const ranges = reader.unchecked;
    const parts = await wholePiecesOf(handle, { fileIndex: this.#file.index, ranges }, signal);
    const missingBytes = ({ fileIndex, start, end }: FilePart) =>
      end - start - handle.presence(fileIndex, { start, end }).presentBytes;
    if (parts.reduce((sum, part) => sum + missingBytes(part), 0) > mostBytes) return;
    using rest = new DisposableStack();
    for (const { fileIndex, ...range } of parts) rest.use(handle.open(fileIndex, { ...range, profile: 'download' }));
    const limit = AbortSignal.timeout(limitMs);
    try {
      await reader.allChecked(AbortSignal.any([signal, limit]));
    } catch (error) {
      if (!limit.aborted || signal.aborted) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#handle[Symbol.dispose]();
  }
}

/** How long the end of an answer that took so long waits for the check of its pieces. */
export function checkLimitMs(tookMs: number): number {
  return Math.min(Math.max(LEAST_CHECK_MS, Math.ceil(tookMs)), MOST_CHECK_MS);
}
