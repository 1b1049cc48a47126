// The torrent engine for the server: one process, all torrents, and who uses them.
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../../base/app-error.ts';
import type { LockDirectory } from '../../../base/directory-lock.ts';
import { untilAborted } from '../../../base/until-aborted.ts';
import type { AddOrder, EngineOrder, EngineReport } from '../../../torrent-engine/protocol/engine-protocol.ts';
import type {
  ReaderOptions,
  TorrentEngine,
  TorrentHandle,
  TorrentReader,
  TorrentRequest,
} from '../../../torrent-engine/protocol/torrent-engine.ts';
import type { TorrentSettings } from '../../../torrent-engine/protocol/torrent-settings.ts';
import { EngineProcess } from './engine-process.ts';
import { TorrentDirectory } from './torrent-directory.ts';
import { TorrentFileReader } from './torrent-file-reader.ts';
import { TorrentMirror } from './torrent-mirror.ts';

export interface TorrentEngineOptions {
  /** `raffi-torrents` is made in it. */
  directory: string;
  lockDirectory: LockDirectory;
  /** Where the routing table of the DHT outlives the torrents; undefined: nowhere. */
  dhtFile?: string;
  settings: TorrentSettings;
  log: (line: string) => void;
  recordChild: (pid: number) => { forget(): void };
  /** See `EngineProcessOptions`. Default false. */
  isInspected?: boolean;
}

interface Known {
  mirror: TorrentMirror;
  /** What another process would have to be told; undefined: only on the disk. */
  order: Omit<AddOrder, 'users'> | undefined;
  users: number;
}

const REMOVAL_LIMIT_MS = 3000;

/** @throws the error of the file system when there is no place for torrents */
export function openTorrentEngine(options: TorrentEngineOptions): TorrentEngine & { readonly pid: number | undefined } {
  return new EngineClient(options);
}

class EngineClient implements TorrentEngine {
  readonly #options: TorrentEngineOptions;
  readonly #root: TorrentDirectory;
  readonly #process: EngineProcess;
  readonly #torrents = new Map<string, Known>();
  readonly #removals = new Map<string, PromiseWithResolvers<void>>();
  #lastReader = 0;

  constructor(options: TorrentEngineOptions) {
    this.#options = options;
    this.#root = new TorrentDirectory(options.directory, options.lockDirectory);
    this.#process = new EngineProcess({
      log: options.log,
      recordChild: options.recordChild,
      isInspected: options.isInspected ?? false,
      onStarted: (send) => this.#introduce(send),
      onReport: (report) => this.#hear(report),
      onGone: () => this.#lost(),
    });
  }

  get state(): TorrentEngine['state'] {
    return this.#process.state;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  add(request: TorrentRequest): TorrentHandle {
    const { infoHash, metainfo, name, trackers = [], peers = [], webSeeds = [] } = request;
    const known = this.#know(infoHash, name ?? infoHash);
    const earlier = known.order;
    known.users += 1;
    known.order = {
      type: 'add',
      infoHash,
      metainfo: metainfo ?? earlier?.metainfo,
      name: name ?? earlier?.name,
      trackers: [...new Set([...(earlier?.trackers ?? []), ...trackers])],
      peers: [...new Set([...(earlier?.peers ?? []), ...peers])],
      webSeeds: [...new Set([...(earlier?.webSeeds ?? []), ...webSeeds])],
    };
    // What is in it is on the disk of the engine already.
    const { order, users } = known;
    this.#process.send({ ...order, users, ...(known.mirror.files && { metainfo: undefined }) });
    return this.#handle(known);
  }

  list(): TorrentMirror[] {
    return [...this.#torrents.values()].map(({ mirror }) => mirror);
  }

  find(infoHash: string): TorrentMirror | undefined {
    return this.#torrents.get(infoHash)?.mirror;
  }

  async remove(infoHash: string): Promise<boolean> {
    const known = this.#torrents.get(infoHash);
    if (!known) return false;
    this.#torrents.delete(infoHash);
    const removal = this.#removals.get(infoHash) ?? Promise.withResolvers<void>();
    this.#removals.set(infoHash, removal);
    // At once: the torrent may be added again before its file is closed.
    this.#process.send({ type: 'remove', infoHash });
    await known.mirror.remove();
    // A process that is not there just now does it as soon as it is back.
    await Promise.race([removal.promise, delay(REMOVAL_LIMIT_MS, undefined, { ref: false })]);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    for (const removal of this.#removals.values()) removal.resolve();
    await Promise.all([...this.#torrents.values()].map(({ mirror }) => mirror.remove()));
    this.#torrents.clear();
    this.#root.close({ keep: this.#options.settings.keepData });
  }

  #know(infoHash: string, name: string): Known {
    const known = this.#torrents.get(infoHash);
    if (known) return known;
    const mirror = new TorrentMirror(infoHash, name, (order) => this.#process.send(order));
    const fresh: Known = { mirror, order: undefined, users: 0 };
    this.#torrents.set(infoHash, fresh);
    return fresh;
  }

  #closed(known: Known): void {
    known.users -= 1;
    this.#process.send({ type: 'users', infoHash: known.mirror.infoHash, count: known.users });
  }

  #handle(known: Known): TorrentHandle {
    const { mirror } = known;
    let isOpen = true;
    return {
      info: mirror,
      metadata: (signal) => untilAborted(mirror.metadata, signal),
      open: (fileIndex, wish) => this.#reader(mirror, fileIndex, wish),
      prefetch: (fileIndex, ranges) => mirror.prefetch(fileIndex, ranges),
      presence: (fileIndex, range) => mirror.presence(fileIndex, range),
      watch: (listener) => mirror.watch(listener),
      [Symbol.dispose]: () => {
        if (isOpen && !mirror.isRemoved) this.#closed(known);
        isOpen = false;
      },
    };
  }

  #reader(mirror: TorrentMirror, fileIndex: number, wish: ReaderOptions): TorrentReader {
    const { start: fileStart, sizeBytes } = mirror.fileAt(fileIndex);
    const { profile, start, end = sizeBytes, verifiedOnly = false } = wish;
    if (!(start >= 0 && start <= end && end <= sizeBytes))
      throw new AppError('RANGE_NOT_SATISFIABLE', `The file has ${sizeBytes} bytes`);
    this.#lastReader += 1;
    const send = (order: EngineOrder) => this.#process.send(order);
    return new TorrentFileReader({
      id: this.#lastReader,
      mirror,
      send,
      profile,
      verifiedOnly,
      fileStart,
      range: { start, end },
    });
  }

  /** Everything a new process has to know. */
  #introduce(send: (order: EngineOrder) => void): void {
    const { dhtFile, settings } = this.#options;
    send({ type: 'start', directory: this.#root.path, dhtFile, settings });
    for (const infoHash of this.#removals.keys()) send({ type: 'remove', infoHash });
    for (const { order, users } of this.#torrents.values()) {
      if (!order) continue;
      send({ ...order, users });
    }
    for (const { mirror } of this.#torrents.values()) mirror.tellAgain();
  }

  #hear(report: EngineReport): void {
    if (report.type === 'ready' || report.type === 'pong') return;
    // Of a torrent that is about to be removed nothing holds any more, least of all for one that was added again since.
    if (this.#removals.has(report.infoHash) && report.type !== 'removed') return;
    if (report.type === 'kept') return void this.#know(report.infoHash, report.name);
    const known = this.#torrents.get(report.infoHash);
    if (report.type !== 'removed') {
      if (known) known.mirror.hear(report);
      else if (report.type === 'lost' && report.why === 'evicted')
        this.#process.send({ type: 'eviction-acknowledged', infoHash: report.infoHash, ticket: report.ticket });
      return;
    }
    const removal = this.#removals.get(report.infoHash);
    this.#removals.delete(report.infoHash);
    removal?.resolve();
    // It went by itself: nobody used it, and the room was needed.
    if (!removal && known?.users === 0) {
      this.#torrents.delete(report.infoHash);
      void known.mirror.remove();
    }
  }

  #lost(): void {
    for (const { mirror } of this.#torrents.values()) mirror.lostEngine();
  }
}
