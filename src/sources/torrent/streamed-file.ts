// A file of a torrent for one reader outside of a session: its bytes as they come.
import type { ByteRange } from '../../base/byte-range.ts';
import type { TorrentFile, TorrentHandle } from './torrent-engine.ts';

const CHUNK_BYTES = 256 * 1024;

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

  /** The bytes of a range inside the file; `isProbe`: somebody looks around in it, and needs much at once. */
  async *stream(
    { start, end, isProbe }: ByteRange & { isProbe: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    using reader = this.#handle.open(this.#file.index, { start, end, profile: isProbe ? 'hls' : 'player' });
    while (reader.position < end) yield await reader.read(Math.min(CHUNK_BYTES, end - reader.position), signal);
  }

  [Symbol.dispose](): void {
    this.#handle[Symbol.dispose]();
  }
}
