// The client of the torrent engine in the server: one process, all torrents, and their users.
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
import { TorrentReplica } from './torrent-replica.ts';

export interface TorrentEngineOptions {
  /** Parent of the directory `raffi-torrents`. */
  directory: string;
  lockDirectory: LockDirectory;
  /** File of the routing table of the DHT, which outlives the torrents; undefined: the table is not stored. */
  dhtFile?: string;
  settings: TorrentSettings;
  log: (line: string) => void;
  recordChild: (pid: number) => { forget(): void };
  /** See `EngineProcessOptions`. Default false. */
  isInspected?: boolean;
}

interface Known {
  replica: TorrentReplica;
  /** The order that adds the torrent to a new process; undefined: the torrent is only on the disk. */
  order: Omit<AddOrder, 'users'> | undefined;
  users: number;
}

const REMOVAL_LIMIT_MS = 3000;

/** @throws the error of the file system when the directory of torrents cannot be made */
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
      onStarted: (send) => this.#sendState(send),
      onReport: (report) => this.#receive(report),
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
    const known = this.#torrentOf(infoHash, name ?? infoHash);
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
    // The engine has stored the metainfo already.
    const { order, users } = known;
    this.#process.send({ ...order, users, ...(known.replica.files && { metainfo: undefined }) });
    return this.#handle(known);
  }

  list(): TorrentReplica[] {
    return [...this.#torrents.values()].map(({ replica }) => replica);
  }

  find(infoHash: string): TorrentReplica | undefined {
    return this.#torrents.get(infoHash)?.replica;
  }

  async remove(infoHash: string): Promise<boolean> {
    const known = this.#torrents.get(infoHash);
    if (!known) return false;
    this.#torrents.delete(infoHash);
    const removal = this.#removals.get(infoHash) ?? Promise.withResolvers<void>();
    this.#removals.set(infoHash, removal);
    // Sent before the wait: the torrent may be added again before its file is closed.
    this.#process.send({ type: 'remove', infoHash });
    await known.replica.remove();
    // If the process is down, the next one removes the torrent.
    await Promise.race([removal.promise, delay(REMOVAL_LIMIT_MS, undefined, { ref: false })]);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    for (const removal of this.#removals.values()) removal.resolve();
    await Promise.all([...this.#torrents.values()].map(({ replica }) => replica.remove()));
    this.#torrents.clear();
    this.#root.close({ keep: this.#options.settings.keepData });
  }

  #torrentOf(infoHash: string, name: string): Known {
    const known = this.#torrents.get(infoHash);
    if (known) return known;
    const replica = new TorrentReplica(infoHash, name, (order) => this.#process.send(order));
    const fresh: Known = { replica, order: undefined, users: 0 };
    this.#torrents.set(infoHash, fresh);
    return fresh;
  }

  #closed(known: Known): void {
    known.users -= 1;
    this.#process.send({ type: 'users', infoHash: known.replica.infoHash, count: known.users });
  }

  #handle(known: Known): TorrentHandle {
    const { replica } = known;
    let isOpen = true;
    return {
      info: replica,
      metadata: (signal) => untilAborted(replica.metadata, signal),
      open: (fileIndex, options) => this.#reader(replica, fileIndex, options),
      prefetch: (fileIndex, ranges) => replica.prefetch(fileIndex, ranges),
      presence: (fileIndex, range) => replica.presence(fileIndex, range),
      watch: (listener) => replica.watch(listener),
      [Symbol.dispose]: () => {
        if (isOpen && !replica.isRemoved) this.#closed(known);
        isOpen = false;
      },
    };
  }

  #reader(replica: TorrentReplica, fileIndex: number, options: ReaderOptions): TorrentReader {
    const { start: fileStart, sizeBytes } = replica.fileAt(fileIndex);
    const { profile, start, end = sizeBytes, verifiedOnly = false } = options;
    if (!(start >= 0 && start <= end && end <= sizeBytes))
      throw new AppError('RANGE_NOT_SATISFIABLE', `The file has ${sizeBytes} bytes`);
    this.#lastReader += 1;
    const send = (order: EngineOrder) => this.#process.send(order);
    return new TorrentFileReader({
      id: this.#lastReader,
      replica,
      send,
      profile,
      verifiedOnly,
      fileStart,
      range: { start, end },
    });
  }

  /** Sends the complete state to a new process. */
  #sendState(send: (order: EngineOrder) => void): void {
    const { dhtFile, settings } = this.#options;
    send({ type: 'start', directory: this.#root.path, dhtFile, settings });
    for (const infoHash of this.#removals.keys()) send({ type: 'remove', infoHash });
    for (const { order, users } of this.#torrents.values()) {
      if (!order) continue;
      send({ ...order, users });
    }
    for (const { replica } of this.#torrents.values()) replica.resend();
  }

  #receive(report: EngineReport): void {
    if (report.type === 'ready' || report.type === 'pong') return;
    // Reports about a torrent that is being removed are stale, above all for a torrent that was added again since.
    if (this.#removals.has(report.infoHash) && report.type !== 'removed') return;
    if (report.type === 'kept') return void this.#torrentOf(report.infoHash, report.name);
    const known = this.#torrents.get(report.infoHash);
    if (report.type !== 'removed') {
      if (known) known.replica.apply(report);
      else if (report.type === 'lost' && report.why === 'evicted')
        this.#process.send({ type: 'eviction-acknowledged', infoHash: report.infoHash, ticket: report.ticket });
      return;
    }
    const removal = this.#removals.get(report.infoHash);
    this.#removals.delete(report.infoHash);
    removal?.resolve();
    // The engine removed an unused torrent because it needed the space.
    if (!removal && known?.users === 0) {
      this.#torrents.delete(report.infoHash);
      void known.replica.remove();
    }
  }

  #lost(): void {
    for (const { replica } of this.#torrents.values()) replica.lostEngine();
  }
}
