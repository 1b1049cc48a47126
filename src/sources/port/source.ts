// The port of sources: random-access bytes with an identity, the same interface for files, URLs and torrents.
import type { ByteRange } from '../../base/byte-range.ts';
import type { FileIdentity } from '../../base/file-identity.ts';

/** How a media worker, which is another process, opens the source. `url` is a loopback URL of this server with a secret path. */
export type MediaInput = FileInput | EndpointInput;

/** `inOrder`: the bytes are received from the start on, and positions far ahead of the received bytes are refused instead of waiting. */
export interface EndpointInput {
  kind: 'endpoint';
  url: string;
  /** Header lines to be sent with each request, each with its line end. */
  headers: string;
  inOrder?: true;
  /** Whether the server answers which bytes of the source are buffered. */
  reportsBuffered?: true;
}

/** A local file. The identity shows whether the path still names the opened file, since another file may get the path at any time. */
export interface FileInput extends FileIdentity {
  kind: 'file';
  path: string;
}

/** `readsOn`: the reader will continue after the end of the range. */
export interface StreamRange {
  start: number;
  end?: number;
  readsOn?: boolean;
}

export interface Source extends AsyncDisposable {
  /** Content identity: equal bytes, equal id, across restarts. 32 lower-case hex digits. */
  readonly id: string;
  /** File name, or the last segment of the URL's path. For titles only. */
  readonly name: string;
  /** Undefined while unknown (a server that states no length). */
  readonly sizeBytes: number | undefined;
  /** False: the bytes are received in order from the start; a read far ahead waits for all bytes before it. */
  readonly seekable: boolean;
  readonly input: MediaInput;
  /** The same bytes for a demuxer that would probe the end before it starts; undefined for a seekable source. */
  readonly inOrderInput?: EndpointInput;
  /** True: every read decides what is downloaded next. A background reader must read slowly, or a player starves. */
  readonly followsReaders?: true;
  /** Number of received bytes from the start; undefined for a seekable source. */
  readonly receivedBytes?: number;
  /**
   * Reads `[start, end)`; the result is shorter only at the end of the source.
   * Never reads ahead: reading an index must not download the whole source.
   * @throws AppError SOURCE_FAILED, SOURCE_CHANGED, SOURCE_STALLED, SOURCE_NOT_FOUND, SOURCE_FORBIDDEN
   */
  read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * The same for a few bytes far from all others: no other bytes are downloaded, and nothing is cached. Undefined when `read` costs no more.
   * @throws AppError as `read`
   */
  readAlone?(range: ByteRange, signal: AbortSignal): Promise<Uint8Array>;
  /** The end of the buffered bytes that begin at `start`; `start` when that byte is not buffered. */
  bufferedUntil?(start: number): number;
  /**
   * Only for sources that return unverified bytes: resolves when all bytes returned so far are verified. False: some
   * were corrupt, and so is everything made of them; or the source was closed first.
   */
  verified?(signal: AbortSignal): Promise<boolean>;
  /** Only with `verified`: calls `listener` when returned bytes turn out to be corrupt. */
  watchCorrupt?(listener: () => void): Disposable;
  /** Calls `listener` when nothing can be read any more, although the bytes read so far are right: the source has to be opened again. */
  watchGone?(listener: () => void): Disposable;
  /**
   * Streams `[start, end)` (to the end of the source without `end`), reading ahead within a byte cap. A chunk is valid until the next one
   * is requested, and must not be written to.
   */
  stream(range: StreamRange, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
