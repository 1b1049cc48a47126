// One torrent of the engine: what is kept of it on the disk, its contents once they are known, and its place in the swarm while it has one.
import type WebTorrent from 'webtorrent';
import { AppError } from '../base/app-error.ts';
import type { AddOrder, EngineReport } from './protocol/engine-protocol.ts';
import { parseMetainfo } from './protocol/metainfo.ts';
import type { TorrentStats } from './protocol/torrent-engine.ts';
import type { TorrentSettings } from './protocol/torrent-settings.ts';
import type { Evictable } from './storage/eviction.ts';
import { Reporter } from './protocol/reporter.ts';
import { SwarmTorrent } from './swarm/swarm-torrent.ts';
import { TorrentContents } from './storage/torrent-contents.ts';
import { TorrentRecord, union } from './storage/torrent-record.ts';
import { torrentStats } from './torrent-stats.ts';
import type { KeptTorrent } from './protocol/torrent-store.ts';
import type { Vault } from './storage/vault.ts';

const SPENT_AFTER_MS = 10_000;

export interface EngineTorrentOptions {
  client: WebTorrent;
  settings: TorrentSettings;
  vault: Vault;
  send: (report: EngineReport) => void;
  log: (line: string) => void;
  /** Of all torrents together. */
  roomBytes: () => number;
  onDiskError: (error: unknown) => void;
}

export class EngineTorrent implements AsyncDisposable {
  readonly infoHash: string;
  readonly #options: EngineTorrentOptions;
  readonly #record: TorrentRecord;
  readonly #reporter: Reporter;
  /** Addresses that no connection is made to any more. */
  readonly #banned = new Set<string>();
  /** Evicted pieces whose room is not free yet, by the ticket of the report. */
  readonly #leaving = new Map<number, number[]>();
  #contents: TorrentContents | undefined;
  #swarm: SwarmTorrent | undefined;
  #error: AppError | undefined;
  #users = 0;
  #releasedAtMs = performance.now();
  /** By earlier processes, and earlier stays in the swarm. */
  #uploadedBefore: number;
  readonly #downloadedBefore: number;

  constructor(kept: KeptTorrent, options: EngineTorrentOptions) {
    this.infoHash = kept.infoHash;
    this.#options = options;
    this.#record = new TorrentRecord(kept, options.vault);
    this.#uploadedBefore = kept.uploadedBytes;
    this.#downloadedBefore = kept.downloadedBytes;
    this.#reporter = new Reporter(kept.infoHash, options.send);
    const metainfo = options.vault.metainfo(kept.infoHash);
    if (metainfo) this.#learn(metainfo);
  }

  /** Undefined until the metainfo is known. */
  get contents(): TorrentContents | undefined {
    return this.#contents;
  }

  get isUsed(): boolean {
    return this.#users > 0;
  }

  /** Unused for a while, with nothing left on the disk. */
  get isSpent(): boolean {
    const isEmpty = (this.#contents?.diskBytes ?? 0) === 0;
    return !this.isUsed && !this.isActive && isEmpty && performance.now() - this.#releasedAtMs > SPENT_AFTER_MS;
  }

  /** Whether it is in the swarm. */
  get isActive(): boolean {
    return this.#swarm !== undefined;
  }

  set users(count: number) {
    if (count === 0 && this.#users > 0) this.#releasedAtMs = performance.now();
    this.#users = count;
    this.#record.touch();
  }

  /** Adds what is new; joins the swarm. */
  add({ metainfo, name, trackers, peers, webSeeds, users }: AddOrder): void {
    const { vault } = this.#options;
    this.users = users;
    const before = this.#record.kept;
    this.#record.merge({ name: this.#contents?.metainfo.name ?? name ?? before.name, trackers, peers, webSeeds });
    // Before there is a directory: one without a row is removed by the next process.
    if (!this.#swarm) this.#record.save();
    if (metainfo && !this.#contents) {
      vault.keepMetainfo(this.infoHash, metainfo);
      this.#learn(metainfo);
      // No peer has to be asked for it any more.
      void this.#leave();
    }
    this.#record.change();
    if (!this.#swarm) return this.#join();
    this.#swarm.addTrackers(trackers);
    this.#swarm.addPeers(peers);
    this.#swarm.addWebSeeds(webSeeds.filter((url) => !before.webSeeds.includes(url)));
  }

  /** Ten times a second. */
  tick(): void {
    this.#swarm?.tick();
    if (this.#swarm) this.#contents?.download.tick();
  }

  /** Every second: writes down what changed, and leaves the swarm when enough was uploaded. */
  lookAfter(): void {
    this.save();
    const { seedAfterMs, seedRatio, uploadLimit } = this.#options.settings;
    if (this.#users > 0 || !this.#swarm) return;
    const { uploadedBytes, downloadedBytes } = this.#record.kept;
    const hasGiven = uploadLimit === 0 || uploadedBytes >= downloadedBytes * seedRatio;
    if (hasGiven || performance.now() - this.#releasedAtMs >= seedAfterMs) void this.#leave();
  }

  save(): void {
    const { kept, isChanged } = this.#record;
    const uploadedBytes = this.#uploadedBytes();
    if (!isChanged && uploadedBytes === kept.uploadedBytes) return;
    this.#record.save({
      downloadedBytes: this.#downloadedBefore + (this.#contents?.download.counts.downloadedBytes ?? 0),
      uploadedBytes,
      verified: this.#contents?.goodPieces() ?? kept.verified,
    });
  }

  evictable(): Evictable | undefined {
    return this.#contents?.evictable({ isUsed: this.isUsed, usedAtMs: this.#record.kept.usedAtMs });
  }

  /** Removes pieces from the download; their room is freed once the server does not read them any more: `letGo`. */
  evict(pieces: number[]): void {
    const contents = this.#contents;
    if (!contents) return;
    contents.evict(pieces);
    for (const piece of pieces) this.#swarm?.haveNoMore(piece);
    this.#record.change();
    this.save();
    this.#leaving.set(this.#reporter.evicted(pieces.map((piece) => contents.layout.blocksOf(piece))), pieces);
  }

  letGo(ticket: number): void {
    const pieces = this.#leaving.get(ticket);
    this.#leaving.delete(ticket);
    if (pieces && this.#contents?.free(pieces) === false)
      this.#options.log('this file system cannot make room inside of files');
  }

  /** Tells the figures that changed. `problem`: of the disk, from outside. */
  report(problem: TorrentStats['problem']): void {
    this.#reporter.stats(
      torrentStats({
        contents: this.#contents,
        swarm: this.#swarm,
        error: this.#error,
        problem,
        bannedPeers: this.#banned.size,
        uploadedBytes: this.#uploadedBytes(),
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = this.#leave();
    this.#contents?.[Symbol.dispose]();
    this.#contents = undefined;
    await left;
  }

  #uploadedBytes(): number {
    return this.#uploadedBefore + (this.#swarm?.uploadedBytes ?? 0);
  }

  #join(): void {
    const { client, settings, log } = this.#options;
    if (this.#error) return;
    const { trackers, peers, webSeeds } = this.#record.kept;
    this.#swarm = new SwarmTorrent({
      client,
      settings,
      infoHash: this.infoHash,
      metainfo: this.#contents?.metainfoBytes,
      isPrivate: this.#contents?.metainfo.isPrivate ?? false,
      trackers: union(trackers, this.#contents?.metainfo.trackers ?? []),
      peers,
      webSeeds: union(webSeeds, this.#contents?.metainfo.webSeeds ?? []),
      banned: this.#banned,
      onMetainfo: (metainfo) => this.#metainfoCame(metainfo),
      onFailed: (error) => this.#swarmFailed(error),
      onWarning: (text) => log(`${this.infoHash}: ${text}`),
      read: (piece, offset, length) =>
        settings.uploadLimit === 0 ? undefined : this.#contents?.readForPeer(piece, offset, length),
    });
  }

  async #leave(): Promise<void> {
    const swarm = this.#swarm;
    this.#uploadedBefore = this.#uploadedBytes();
    this.#swarm = undefined;
    await swarm?.[Symbol.asyncDispose]();
  }

  /** From a peer, or what the swarm was given. */
  #metainfoCame(metainfo: Uint8Array): void {
    if (!this.#contents) {
      this.#options.vault.keepMetainfo(this.infoHash, metainfo);
      this.#learn(metainfo);
    }
    if (!this.#contents || !this.#swarm) return;
    const { download, metainfo: known } = this.#contents;
    if (known.isPrivate) this.#swarm.makePrivate();
    this.#swarm.attach(this.#contents);
    const { verified } = download.table;
    for (const piece of verified.members()) this.#swarm.have(piece);
  }

  #swarmFailed(error: Error): void {
    this.#swarm = undefined;
    this.#fail(new AppError('SOURCE_UNUSABLE', 'This torrent cannot be played', { cause: error }));
  }

  #fail(error: AppError): void {
    this.#error = error;
    this.#options.log(`${this.infoHash}: ${error.message}`);
    this.report(undefined);
    void this.#leave();
  }

  #learn(metainfo: Uint8Array): void {
    try {
      this.#contents = this.#opened(metainfo);
    } catch (cause) {
      const error =
        cause instanceof AppError
          ? cause
          : new AppError('SOURCE_FAILED', 'The torrent could not be put on the disk', { cause });
      return this.#fail(error);
    }
    this.#record.rename(this.#contents.metainfo.name);
    this.#options.send(this.#contents.report());
    this.#contents.reportPieces(this.#reporter);
  }

  /** @throws AppError SOURCE_UNUSABLE, or the error of the file system */
  #opened(metainfoBytes: Uint8Array): TorrentContents {
    const { vault, roomBytes, onDiskError } = this.#options;
    const metainfo = parseMetainfo(metainfoBytes);
    if (metainfo.infoHash !== this.infoHash)
      throw new AppError('SOURCE_UNUSABLE', 'The torrent file is of another torrent');
    return new TorrentContents({
      metainfo,
      metainfoBytes,
      dataPath: vault.dataPath(this.infoHash),
      claimed: this.#record.kept.verified,
      roomBytes,
      onBlocks: (start, end) => this.#reporter.blocks(start, end),
      onVerified: (piece) => this.#verified(piece),
      onBad: (ranges) => this.#reporter.bad(ranges),
      onRotten: (piece) => this.#rotten(piece),
      onDiskError,
    });
  }

  #rotten(piece: number): void {
    this.#record.change();
    if (this.#contents) this.#reporter.bad([this.#contents.layout.blocksOf(piece)]);
  }

  #verified(piece: number): void {
    this.#record.change();
    this.#reporter.verified(piece);
    this.#swarm?.have(piece);
  }
}
