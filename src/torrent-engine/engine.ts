// All torrents of the process: executes the orders of the server, and stays within the limits of the disk.
import { statfsSync } from 'node:fs';
import { GIB, MIB } from '../base/units.ts';
import type { EngineOrder, EngineReport, StartOrder } from './protocol/engine-protocol.ts';
import type { TorrentSettings } from './protocol/torrent-settings.ts';
import { guardConnections } from './webtorrent/address-guard.ts';
import { URGENT_ROOM_BYTES } from './download/block-requests.ts';
import { EngineTorrent } from './engine-torrent.ts';
import { planEviction } from './storage/piece-eviction.ts';
import type { TorrentContents } from './storage/torrent-contents.ts';
import { missingTransports, SwarmClient } from './swarm/swarm-client.ts';
import type { KeptTorrent, OpenTorrentStore } from './protocol/torrent-store.ts';
import { ResumeStore } from './storage/resume-store.ts';

const TICK_MS = 100;
const REPORT_EVERY = 5;
const MAINTAIN_EVERY = 10;
/** Pieces are evicted when less than this share of the cap is left... */
const LOW_WATER = 0.05;
/** ... until this share is left. */
const HIGH_WATER = 0.15;
const RESUME_FREE_BYTES = 16 * MIB;

export interface EngineNeeds {
  send: (report: EngineReport) => void;
  log: (line: string) => void;
  openStore: OpenTorrentStore;
}

export class Engine implements AsyncDisposable {
  readonly #needs: EngineNeeds;
  readonly #settings: TorrentSettings;
  readonly #directory: string;
  readonly #resumeStore: ResumeStore;
  readonly #client: SwarmClient;
  readonly #torrents = new Map<string, EngineTorrent>();
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;
  #freeBytes = 0;
  #isDiskFull = false;

  private constructor(start: StartOrder, needs: EngineNeeds, parts: { resumeStore: ResumeStore; client: SwarmClient }) {
    this.#needs = needs;
    this.#settings = start.settings;
    this.#directory = start.directory;
    this.#resumeStore = parts.resumeStore;
    this.#client = parts.client;
    this.#measure();
    for (const kept of parts.resumeStore.torrents()) this.#open(kept);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** @throws the error of the file system, or of `listen` */
  static async open(start: StartOrder, needs: EngineNeeds): Promise<Engine> {
    guardConnections(start.settings);
    const resumeStore = new ResumeStore(start.directory, needs);
    const { settings, dhtFile } = start;
    const client = await SwarmClient.open({ settings, dhtFile, log: needs.log });
    const missing = missingTransports(settings);
    if (missing.length > 0) needs.log(`not available on this machine: ${missing.join(', ')}`);
    return new Engine(start, needs, { resumeStore, client });
  }

  execute(order: Exclude<EngineOrder, { type: 'start' | 'ping' | 'stop' }>): void {
    if (order.type === 'add') return (this.#torrents.get(order.infoHash) ?? this.#open(newTorrent(order))).add(order);
    const torrent = this.#torrents.get(order.infoHash);
    if (order.type === 'remove') return this.#remove(order.infoHash, torrent);
    if (!torrent) return;
    switch (order.type) {
      case 'users':
        torrent.users = order.count;
        return;
      case 'reader':
        return torrent.contents?.download.setReader(order);
      case 'reader-closed':
        return torrent.contents?.download.closeReader(order.reader);
      case 'prefetch':
        return torrent.contents?.download.prefetch(order.fileIndex, order.ranges);
      case 'eviction-acknowledged':
        return torrent.acknowledgeEviction(order.ticket);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.saveAll();
    const torrents = [...this.#torrents.values()].map((torrent) => torrent[Symbol.asyncDispose]());
    await Promise.all([this.#client.closePorts(), ...torrents]);
    await this.#client[Symbol.asyncDispose]();
    this.#resumeStore[Symbol.dispose]();
  }

  /** Saves the records, so that the next process knows what is on the disk. */
  saveAll(): void {
    for (const torrent of this.#torrents.values()) torrent.save();
    this.#client.save();
  }

  #open(kept: KeptTorrent): EngineTorrent {
    // This report comes first: the constructor of the torrent sends more reports.
    this.#needs.send({ type: 'kept', infoHash: kept.infoHash, name: kept.name });
    const torrent = new EngineTorrent(kept, {
      client: this.#client.webtorrent,
      settings: this.#settings,
      resumeStore: this.#resumeStore,
      send: this.#needs.send,
      log: this.#needs.log,
      roomBytes: () => this.#roomBytes(),
      onDiskError: (error) => this.#diskFailed(error),
    });
    this.#torrents.set(kept.infoHash, torrent);
    torrent.report(this.#problem());
    return torrent;
  }

  /** Removes the torrent completely before the next order, which may add it again. */
  #remove(infoHash: string, torrent: EngineTorrent | undefined): void {
    this.#torrents.delete(infoHash);
    // The `stopped` announce to the trackers takes a while; it uses no data of the torrent.
    void torrent?.[Symbol.asyncDispose]();
    try {
      this.#resumeStore.remove(infoHash);
    } catch (error) {
      this.#needs.log(`the data of ${infoHash} could not be deleted: ${String(error)}`);
    }
    this.#needs.send({ type: 'removed', infoHash });
  }

  #tick(): void {
    this.#ticks += 1;
    const torrents = [...this.#torrents.values()];
    if (this.#ticks % MAINTAIN_EVERY === 0) {
      this.#measure();
      this.#retryDisk();
      this.#shareConnections();
      for (const torrent of torrents) torrent.maintain();
      for (const torrent of torrents) if (torrent.isSpent) this.#remove(torrent.infoHash, torrent);
    }
    this.#makeRoom();
    for (const torrent of torrents) torrent.tick();
    if (this.#ticks % REPORT_EVERY === 0) for (const torrent of torrents) torrent.report(this.#problem());
  }

  #measure(): void {
    const { bavail, bsize } = statfsSync(this.#directory);
    this.#freeBytes = bavail * bsize;
    const readers = this.#sum(({ readerCount }) => readerCount);
    const share = this.#capBytes() / 3 / Math.max(1, readers);
    for (const { download } of this.#contents()) download.readers.mostAheadBytes = Math.max(4 * MIB, Math.floor(share));
  }

  #shareConnections(): void {
    const active = [...this.#torrents.values()].filter(({ isActive }) => isActive).length;
    const { maxConnections, maxConnectionsPerTorrent } = this.#settings;
    const share = Math.floor(maxConnections / Math.max(1, active));
    this.#client.webtorrent.maxConns = Math.max(1, Math.min(maxConnectionsPerTorrent, share));
  }

  /** The contents of the torrents whose metainfo is known. */
  *#contents(): Generator<TorrentContents> {
    for (const { contents } of this.#torrents.values()) if (contents) yield contents;
  }

  #sum(figure: (contents: TorrentContents) => number): number {
    let sum = 0;
    for (const contents of this.#contents()) sum += figure(contents);
    return sum;
  }

  #usedBytes(): number {
    return this.#sum(({ diskBytes }) => diskBytes);
  }

  #capBytes(): number {
    const used = this.#usedBytes();
    const cap = this.#settings.capBytes ?? Math.min(20 * GIB, (this.#freeBytes + used) / 4);
    return Math.min(cap, used + this.#freeBytes - this.#settings.minFreeBytes);
  }

  #roomBytes(): number {
    return this.#capBytes() - this.#usedBytes() - this.#sum(({ download }) => download.requestedBytes);
  }

  /** Evicts the planned pieces until enough space is free; pieces that are being read stay. */
  #makeRoom(): void {
    const capBytes = this.#capBytes();
    const room = this.#roomBytes() + this.#sum(({ evictingBytes }) => evictingBytes);
    if (room >= capBytes * LOW_WATER && !this.#isDiskFull) return;
    const evictables = [...this.#torrents.values()]
      .map((torrent) => torrent.evictable())
      .filter((each) => each !== undefined);
    const plan = planEviction(evictables, {
      needBytes: Math.max(capBytes * HIGH_WATER - room, RESUME_FREE_BYTES),
      backBytes: Math.min(64 * MIB, Math.max(0, capBytes / 8)),
      aheadBytes: Math.max(4 * MIB, capBytes / 3),
    });
    for (const { infoHash, pieces } of plan) {
      const torrent = this.#torrents.get(infoHash);
      if (torrent?.contents?.file.canPunch === true) torrent.evict(pieces);
      else if (torrent && !torrent.isUsed) this.#remove(infoHash, torrent);
    }
  }

  #diskFailed(error: unknown): void {
    if (this.#isDiskFull) return;
    this.#isDiskFull = true;
    this.#needs.log(`the disk accepts no more data: ${error instanceof Error ? error.message : String(error)}`);
    for (const { download } of this.#contents()) download.stop();
  }

  #retryDisk(): void {
    if (!this.#isDiskFull || this.#freeBytes < RESUME_FREE_BYTES) return;
    this.#isDiskFull = false;
    for (const { download } of this.#contents()) download.start();
  }

  #problem(): 'disk-full' | undefined {
    return this.#isDiskFull || this.#roomBytes() < -URGENT_ROOM_BYTES ? 'disk-full' : undefined;
  }
}

function newTorrent({ infoHash, name, trackers, peers, webSeeds }: Extract<EngineOrder, { type: 'add' }>): KeptTorrent {
  return {
    infoHash,
    name: name ?? infoHash,
    trackers,
    peers,
    webSeeds,
    verified: undefined,
    downloadedBytes: 0,
    uploadedBytes: 0,
    usedAtMs: Date.now(),
  };
}
