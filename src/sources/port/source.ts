// What everything above reads from: random-access bytes with an identity. Files, URLs and (later) torrents look the same.
import type { ByteRange } from '../../base/byte-range.ts';
import type { FileIdentity } from '../../base/file-identity.ts';

/** How a media worker, another process, opens the bytes. `url` is a loopback address of ours with a secret path. */
export type MediaInput = FileInput | EndpointInput;

/** `inOrder`: the bytes come from the start on, and places far ahead of what is here are refused instead of waited for. */
export interface EndpointInput {
  kind: 'endpoint';
  url: string;
  /** To be sent with each request: lines, each with its end. */
  headers: string;
  inOrder?: true;
  /** Whether the server answers which bytes of the source are buffered. */
  reportsBuffered?: true;
}

/** A file that must still be the one that was opened here: another may get its path at any time. */
export interface FileInput extends FileIdentity {
  kind: 'file';
  path: string;
}

/** `readsOn`: whoever reads it will go on behind its end. */
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
  /** Undefined while nobody knows (a server that states no length). */
  readonly sizeBytes: number | undefined;
  /** False: the bytes only come in order from the start; a read far ahead waits for all before it. */
  readonly seekable: boolean;
  readonly input: MediaInput;
  /** The same bytes for a demuxer that would look at the end before it begins; undefined for a seekable source. */
  readonly inOrderInput?: EndpointInput;
  /** True: every read decides what is downloaded next. Who reads for later must go slowly, or a player starves. */
  readonly followsReaders?: true;
  /** How many bytes from the start are here; undefined for a seekable source, whose places are all equally near. */
  readonly receivedBytes?: number;
  /**
   * Reads `[start, end)`; the answer is shorter only at the end of the source.
   * Never reads ahead: an index must not pull the film through.
   * @throws AppError SOURCE_FAILED, SOURCE_CHANGED, SOURCE_STALLED, SOURCE_NOT_FOUND, SOURCE_FORBIDDEN
   */
  read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * The same for a few bytes far from all others: nothing beside them is loaded, nothing is kept. Undefined where `read` costs no more.
   * @throws AppError as `read`
   */
  readAlone?(range: ByteRange, signal: AbortSignal): Promise<Uint8Array>;
  /** The end of the buffered bytes that begin at `start`; `start` when that byte is not buffered. */
  bufferedUntil?(start: number): number;
  /**
   * Only where bytes are given out before they have been checked: resolves when all that were given out so far have been. False: some
   * were wrong, and so is what was made of them; or the source was closed first.
   */
  verified?(signal: AbortSignal): Promise<boolean>;
  /** Only with `checked`: calls `listener` when bytes that were given out turn out to be wrong. */
  watchCorrupt?(listener: () => void): Disposable;
  /** Calls `listener` when nothing can be read any more, though what was read is right: somebody has to open it anew. */
  watchGone?(listener: () => void): Disposable;
  /**
   * Streams `[start, end)` (to the end of the source without `end`), reading ahead within a byte cap. A chunk is valid until the next one
   * is asked for, and not to be written to.
   */
  stream(range: StreamRange, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
