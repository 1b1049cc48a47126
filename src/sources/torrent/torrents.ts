// The torrents of the server over the engine: opened as sources by sessions, read and listed by the HTTP routes.
import { AppError } from '../../base/app-error.ts';
import type { SourcePublisher } from '../port/source-publisher.ts';
import { ChosenFiles, isPackedFilm } from './chosen-files.ts';
import { chooseFile, type FileWish } from './file-choice.ts';
import type { Magnet } from './magnet.ts';
import { parseMetainfo } from '../../torrent-engine/protocol/metainfo.ts';
import { FIRST_PACKED_INDEX } from './packed/packed-film.ts';
import { StreamedFile } from './streamed-file.ts';
import {
  NO_TORRENT_STATS,
  type TorrentEngine,
  type TorrentFile,
  type TorrentHandle,
  type TorrentInfo,
  type TorrentRequest,
} from '../../torrent-engine/protocol/torrent-engine.ts';
import { TorrentSource } from './torrent-source.ts';
import { startWindow, torrentStatus, type TorrentStatus } from './torrent-status.ts';

export interface TorrentsOptions {
  engine: TorrentEngine;
  publisher: SourcePublisher;
  /** How long peers may take to tell what is in a torrent. */
  metadataLimitMs: number;
  /** How long a torrent that was handed in waits for a session. */
  keepMs: number;
}

/** What a session is told while it opens its torrent and while it plays. */
export interface Transfer {
  infoHash: string;
  peers: number;
  /** Bytes per second. */
  downloadSpeed: number;
  /** 0-100: share of the file that is here. */
  progress: number;
  /** Undefined while nobody knows. */
  sizeBytes: number | undefined;
}

interface User {
  handle: TorrentHandle;
  /** Undefined until the metainfo is here. */
  file: TorrentFile | undefined;
}

/** Failures that are remembered, for clients that ask about a torrent nobody waits for any more. */
const KEPT_FAILURES = 1000;

export class Torrents implements AsyncDisposable {
  readonly #options: TorrentsOptions;
  readonly #users = new Set<User>();
  readonly #files = new ChosenFiles();
  /** Why the last session that opened it could not, by info hash. */
  readonly #failures = new Map<string, AppError>();
  /** The file that was opened last, by info hash. */
  readonly #chosen = new Map<string, number>();
  /** To be removed with the last session that uses them. */
  readonly #discarded = new Set<string>();
  /** Handed in, waiting for a session. */
  readonly #kept = new Map<string, { handle: TorrentHandle; timer: NodeJS.Timeout }>();

  constructor(options: TorrentsOptions) {
    this.#options = options;
  }

  get state(): TorrentEngine['state'] {
    return this.#options.engine.state;
  }

  /**
   * Waits for the metainfo, then gives the file as a source.
   * @throws AppError SOURCE_UNUSABLE, SOURCE_STALLED (the limit passed), SOURCE_NOT_FOUND (it was removed)
   */
  async open(request: TorrentRequest, wish: FileWish, signal: AbortSignal): Promise<TorrentSource> {
    signal.throwIfAborted();
    const { infoHash } = request;
    this.#failures.delete(infoHash);
    this.#discarded.delete(infoHash);
    const user: User = { handle: this.#options.engine.add(request), file: undefined };
    this.#users.add(user);
    try {
      await this.#filesFor(user, signal);
      const { handle, file } = await this.#files.choose(user.handle, wish, signal);
      user.handle = handle;
      user.file = file;
      this.#chosen.set(infoHash, file.index);
      const closed = () => this.#left(user);
      return new TorrentSource({ handle, file, publisher: this.#options.publisher, closed });
    } catch (error) {
      user.handle[Symbol.dispose]();
      this.#left(user);
      throw error;
    }
  }

  /** What is known of the torrent for one of its files; undefined when there is no such torrent. */
  transfer(infoHash: string, fileIndex: number | undefined): Transfer | undefined {
    const info = this.#options.engine.find(infoHash);
    if (info === undefined) return undefined;
    const user = this.#userOf(infoHash, fileIndex);
    const sizeBytes = user?.file?.sizeBytes;
    const share = user?.file === undefined ? 0 : this.#share(user.handle, user.file);
    const { peers, downloadSpeed } = info.stats;
    return { infoHash, peers, downloadSpeed, progress: Math.floor(share * 1000) / 10, sizeBytes };
  }

  list(): TorrentStatus[] {
    return this.#options.engine.list().map((info) => this.#statusOf(info));
  }

  /** @throws AppError NOT_FOUND */
  status(infoHash: string): TorrentStatus {
    const info = this.#options.engine.find(infoHash) ?? this.#failedInfo(infoHash);
    return this.#statusOf(info);
  }

  /**
   * Takes a `.torrent` file in; it stays a while for a session to come.
   * @throws AppError SOURCE_UNUSABLE
   */
  add(metainfo: Uint8Array): Pick<TorrentStatus, 'infoHash' | 'name' | 'files'> {
    const { infoHash, name, files } = parseMetainfo(metainfo);
    this.#keep(infoHash, this.#options.engine.add(requestOf(metainfo)));
    const shown = files
      .filter((file) => !file.isPadding)
      .map(({ index, path, sizeBytes }) => ({ index, name: path, length: sizeBytes }));
    return { infoHash, name, files: shown };
  }

  /** What is in a torrent that somebody waits for, from a `.torrent` file; one that is broken or of another torrent is ignored. */
  learn(infoHash: string, metainfo: Uint8Array): void {
    const { engine } = this.#options;
    const request = usableRequest(metainfo);
    if (request?.infoHash === infoHash && engine.find(infoHash) !== undefined) engine.add(request)[Symbol.dispose]();
  }

  /**
   * A file to read from, without a session. Waits for the metainfo. Without an index: the one a session plays, else the largest film.
   * @throws AppError NOT_FOUND for no such torrent or file
   */
  async file(infoHash: string, fileIndex: number | undefined, signal: AbortSignal): Promise<StreamedFile> {
    if (this.#options.engine.find(infoHash) === undefined) throw noTorrent();
    const handle = this.#options.engine.add({ infoHash });
    try {
      const files = await this.#filesOf(handle, signal);
      const named = fileIndex === undefined ? undefined : files[fileIndex];
      // A volume that is asked for is meant, not what is packed in it.
      if (named !== undefined) return new StreamedFile(handle, chooseFile(files, { fileIndex }));
      if (fileIndex !== undefined && !isPackedFilm(files, fileIndex))
        throw new AppError('NOT_FOUND', `The torrent has no file ${fileIndex}.`);
      const wish = { fileIndex: fileIndex ?? this.#chosen.get(infoHash) };
      const chosen = await this.#files.choose(handle, wish, signal);
      return new StreamedFile(chosen.handle, chosen.file);
    } catch (error) {
      handle[Symbol.dispose]();
      throw error;
    }
  }

  /** Leaves the swarm and deletes what is on the disk. @throws AppError NOT_FOUND */
  async remove(infoHash: string): Promise<void> {
    const failed = this.#failures.delete(infoHash);
    this.#letGo(infoHash);
    this.#chosen.delete(infoHash);
    if (!(await this.#options.engine.remove(infoHash)) && !failed) throw noTorrent();
  }

  /** The same as soon as no session uses it; why it could not be opened is still told to who asks. */
  async discard(infoHash: string): Promise<void> {
    this.#letGo(infoHash);
    this.#discarded.add(infoHash);
    await this.#removeDiscarded(infoHash);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const infoHash of this.#kept.keys()) this.#letGo(infoHash);
    await this.#options.engine[Symbol.asyncDispose]();
  }

  /** A failure is remembered: nothing of this torrent can be played, whichever file was meant. */
  async #filesFor({ handle }: User, signal: AbortSignal): Promise<readonly TorrentFile[]> {
    const { infoHash } = handle.info;
    try {
      const files = await this.#filesOf(handle, signal);
      this.#failures.delete(infoHash);
      return files;
    } catch (error) {
      if (error instanceof AppError) this.#remember(infoHash, error);
      throw error;
    }
  }

  async #filesOf(handle: TorrentHandle, signal: AbortSignal): Promise<readonly TorrentFile[]> {
    const limit = AbortSignal.timeout(this.#options.metadataLimitMs);
    try {
      return (await handle.metadata(AbortSignal.any([signal, limit]))).files;
    } catch (error) {
      signal.throwIfAborted();
      throw limit.aborted ? this.#tooLate(handle.info) : error;
    }
  }

  #left(user: User): void {
    this.#users.delete(user);
    void this.#removeDiscarded(user.handle.info.infoHash);
  }

  async #removeDiscarded(infoHash: string): Promise<void> {
    if (!this.#discarded.has(infoHash) || this.#userOf(infoHash, undefined) !== undefined) return;
    this.#discarded.delete(infoHash);
    this.#chosen.delete(infoHash);
    await this.#options.engine.remove(infoHash);
  }

  #tooLate({ stats }: TorrentInfo): AppError {
    const seconds = Math.round(this.#options.metadataLimitMs / 1000);
    const reason = stats.peers === 0 ? 'No peer was found' : 'No peer told what is in the torrent';
    return new AppError('SOURCE_STALLED', `${reason} within ${seconds} s`);
  }

  #remember(infoHash: string, failure: AppError): void {
    this.#failures.set(infoHash, failure);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > KEPT_FAILURES && oldest !== undefined) this.#failures.delete(oldest);
  }

  #statusOf(info: TorrentInfo): TorrentStatus {
    const { infoHash } = info;
    const user = this.#userOf(infoHash, this.#chosen.get(infoHash));
    const window = user?.file === undefined ? undefined : startWindow(user.file.sizeBytes);
    const presence =
      user?.file === undefined || window === undefined ? undefined : user.handle.presence(user.file.index, window);
    return torrentStatus({
      info,
      // While somebody still waits, or plays, it is not final.
      failure: user === undefined ? this.#failures.get(infoHash)?.message : undefined,
      fileIndex: user?.file?.index ?? this.#chosen.get(infoHash),
      packedFilm: (user?.file?.index ?? 0) < FIRST_PACKED_INDEX ? undefined : user?.file,
      presence,
      window,
    });
  }

  /** Who uses that file, else who waits for the metainfo, else anybody. */
  #userOf(infoHash: string, fileIndex: number | undefined): User | undefined {
    const users = [...this.#users].filter((user) => user.handle.info.infoHash === infoHash);
    return users.find((user) => fileIndex !== undefined && user.file?.index === fileIndex) ?? users[0];
  }

  #share(handle: TorrentHandle, { index, sizeBytes }: TorrentFile): number {
    return sizeBytes === 0 ? 1 : handle.presence(index, { start: 0, end: sizeBytes }).presentBytes / sizeBytes;
  }

  #failedInfo(infoHash: string): TorrentInfo {
    if (!this.#failures.has(infoHash)) throw noTorrent();
    return { infoHash, name: infoHash, files: undefined, stats: { ...NO_TORRENT_STATS, stage: 'error' } };
  }

  #keep(infoHash: string, handle: TorrentHandle): void {
    this.#letGo(infoHash);
    const timer = setTimeout(() => this.#letGo(infoHash), this.#options.keepMs).unref();
    this.#kept.set(infoHash, { handle, timer });
  }

  #letGo(infoHash: string): void {
    const kept = this.#kept.get(infoHash);
    if (kept === undefined) return;
    this.#kept.delete(infoHash);
    clearTimeout(kept.timer);
    kept.handle[Symbol.dispose]();
  }
}

/** What a `.torrent` file asks the engine for. @throws AppError SOURCE_UNUSABLE */
export function requestOf(metainfo: Uint8Array): TorrentRequest {
  const { infoHash, name, trackers, webSeeds } = parseMetainfo(metainfo);
  return { infoHash, name, trackers, webSeeds, metainfo };
}

function usableRequest(metainfo: Uint8Array): TorrentRequest | undefined {
  try {
    return requestOf(metainfo);
  } catch {
    return undefined;
  }
}

export function requestOfMagnet({ infoHash, name, trackers, webSeeds, peers }: Magnet): TorrentRequest {
  return { infoHash, trackers, webSeeds, peers, ...(name === '' ? {} : { name }) };
}

function noTorrent(): AppError {
  return new AppError('NOT_FOUND', 'There is no such torrent.');
}
