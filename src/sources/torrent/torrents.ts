// The torrents of the server, on top of the engine: sessions open them as sources, HTTP routes read and list them.
import { AppError } from '../../base/app-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { SourcePublisher } from '../port/source-publisher.ts';
import { ChosenFiles, isPackedFile } from './chosen-files.ts';
import { chooseFile, type FileSelection } from './file-choice.ts';
import type { Magnet } from './magnet.ts';
import { parseMetainfo } from '../../torrent-engine/protocol/metainfo.ts';
import { FIRST_PACKED_INDEX } from './packed/packed-file.ts';
import { OpeningLog } from './opening-log.ts';
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
import { startWindow, torrentStatus, type TorrentStatus, type Transfer } from './torrent-status.ts';

export interface TorrentsOptions {
  engine: TorrentEngine;
  publisher: SourcePublisher;
  /** How long peers may take to send the metainfo. */
  metadataLimitMs: number;
  /** How long a torrent that was added by a `.torrent` file waits for a session. */
  keepMs: number;
  /** Default: none. */
  log?: Pick<Logger, 'info'>;
}

interface User {
  handle: TorrentHandle;
  /** Undefined until the metainfo is known and the file is chosen. */
  file: TorrentFile | undefined;
}

/** Maximal number of remembered failures, for clients that request the status of a torrent without users. */
const KEPT_FAILURES = 1000;

export class Torrents implements AsyncDisposable {
  readonly #options: TorrentsOptions;
  readonly #users = new Set<User>();
  readonly #files = new ChosenFiles();
  /** The failure of the last session that could not open the torrent, by info hash. */
  readonly #failures = new Map<string, AppError>();
  /** The file that was opened last, by info hash. */
  readonly #chosen = new Map<string, number>();
  /** Torrents to be removed with the last session that uses them. */
  readonly #discarded = new Set<string>();
  /** Torrents that were added by a `.torrent` file and wait for a session. */
  readonly #kept = new Map<string, { handle: TorrentHandle; timer: NodeJS.Timeout }>();

  constructor(options: TorrentsOptions) {
    this.#options = options;
  }

  get state(): TorrentEngine['state'] {
    return this.#options.engine.state;
  }

  /**
   * Waits for the metainfo, then opens the selected file as a source.
   * @throws AppError SOURCE_UNUSABLE, SOURCE_STALLED (the limit passed), SOURCE_NOT_FOUND (the torrent was removed)
   */
  async open(request: TorrentRequest, selection: FileSelection, signal: AbortSignal): Promise<TorrentSource> {
    signal.throwIfAborted();
    const { infoHash } = request;
    this.#failures.delete(infoHash);
    this.#discarded.delete(infoHash);
    const log = new OpeningLog(this.#options.log, infoHash);
    const user: User = { handle: this.#options.engine.add(request), file: undefined };
    this.#users.add(user);
    try {
      log.metadataReceived((await this.#filesFor(user, signal)).length);
      const { handle, file } = await this.#files.choose(user.handle, selection, signal);
      user.handle = handle;
      user.file = file;
      this.#chosen.set(infoHash, file.index);
      log.fileSelected(file);
      const { publisher } = this.#options;
      const closed = () => this.#closed(user);
      return new TorrentSource({ handle, file, publisher, onFirstBytes: () => log.firstBytesRead(), closed });
    } catch (error) {
      user.handle[Symbol.dispose]();
      this.#closed(user);
      throw error;
    }
  }

  /** The state of the download of a file; undefined when there is no such torrent. */
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
   * Adds a `.torrent` file; the torrent waits `keepMs` for a session.
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

  /** Supplies the metainfo of a torrent that waits for it; an invalid file, or one of another torrent, is ignored. */
  addMetainfo(infoHash: string, metainfo: Uint8Array): void {
    const { engine } = this.#options;
    const request = usableRequest(metainfo);
    if (request?.infoHash === infoHash && engine.find(infoHash) !== undefined) engine.add(request)[Symbol.dispose]();
  }

  /**
   * Opens a file to read without a session. Waits for the metainfo. Without an index: the file that a session plays, else the largest video.
   * @throws AppError NOT_FOUND for no such torrent or file
   */
  async file(infoHash: string, fileIndex: number | undefined, signal: AbortSignal): Promise<StreamedFile> {
    if (this.#options.engine.find(infoHash) === undefined) throw noTorrent();
    const handle = this.#options.engine.add({ infoHash });
    try {
      const files = await this.#filesOf(handle, signal);
      const named = fileIndex === undefined ? undefined : files[fileIndex];
      // The index of a volume means the volume, not the file that is packed in it.
      if (named !== undefined) return new StreamedFile(handle, chooseFile(files, { fileIndex }));
      if (fileIndex !== undefined && !isPackedFile(files, fileIndex))
        throw new AppError('NOT_FOUND', `The torrent has no file ${fileIndex}`);
      const selection = { fileIndex: fileIndex ?? this.#chosen.get(infoHash) };
      const chosen = await this.#files.choose(handle, selection, signal);
      return new StreamedFile(chosen.handle, chosen.file);
    } catch (error) {
      handle[Symbol.dispose]();
      throw error;
    }
  }

  /** Leaves the swarm and deletes the data on the disk. @throws AppError NOT_FOUND */
  async remove(infoHash: string): Promise<void> {
    const failed = this.#failures.delete(infoHash);
    this.#release(infoHash);
    this.#chosen.delete(infoHash);
    if (!(await this.#options.engine.remove(infoHash)) && !failed) throw noTorrent();
  }

  /** Removes the torrent as soon as no session uses it; the status still reports why it could not be opened. */
  async discard(infoHash: string): Promise<void> {
    this.#release(infoHash);
    this.#discarded.add(infoHash);
    await this.#removeDiscarded(infoHash);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const infoHash of this.#kept.keys()) this.#release(infoHash);
    await this.#options.engine[Symbol.asyncDispose]();
  }

  /** Remembers a failure: no file of this torrent can be played. */
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

  #closed(user: User): void {
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
      // A failure is not final while a session waits for the torrent, or plays it.
      failure: user === undefined ? this.#failures.get(infoHash)?.message : undefined,
      fileIndex: user?.file?.index ?? this.#chosen.get(infoHash),
      packedFile: (user?.file?.index ?? 0) < FIRST_PACKED_INDEX ? undefined : user?.file,
      presence,
      window,
    });
  }

  /** The user of that file, else any user of the torrent. */
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
    this.#release(infoHash);
    const timer = setTimeout(() => this.#release(infoHash), this.#options.keepMs).unref();
    this.#kept.set(infoHash, { handle, timer });
  }

  #release(infoHash: string): void {
    const kept = this.#kept.get(infoHash);
    if (kept === undefined) return;
    this.#kept.delete(infoHash);
    clearTimeout(kept.timer);
    kept.handle[Symbol.dispose]();
  }
}

/** The request to the engine for a `.torrent` file. @throws AppError SOURCE_UNUSABLE */
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
  return new AppError('NOT_FOUND', 'There is no such torrent');
}
