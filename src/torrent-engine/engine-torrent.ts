// One torrent of the engine: its record on the disk, its contents once the metainfo is known, its swarm while it is active.
import type WebTorrent from 'webtorrent';
import { AppError } from '../base/app-error.ts';
import type { AddOrder, EngineReport } from './protocol/engine-protocol.ts';
import { parseMetainfo } from './protocol/metainfo.ts';
import type { TorrentStats } from './protocol/torrent-engine.ts';
import type { TorrentSettings } from './protocol/torrent-settings.ts';
import type { Evictable } from './storage/piece-eviction.ts';
import { Reporter } from './protocol/reporter.ts';
import { SwarmTorrent } from './swarm/swarm-torrent.ts';
import { TorrentContents } from './storage/torrent-contents.ts';
import { TorrentRecord, union } from './storage/torrent-record.ts';
import { torrentStats } from './torrent-stats.ts';
import type { KeptTorrent } from './protocol/torrent-store.ts';
import type { ResumeStore } from './storage/resume-store.ts';

const SPENT_AFTER_MS = 10_000;

export interface EngineTorrentOptions {
  client: WebTorrent;
  settings: TorrentSettings;
  resumeStore: ResumeStore;
  send: (report: EngineReport) => void;
  log: (line: string) => void;
  /** Bytes that all torrents together may still take on the disk. */
  roomBytes: () => number;
  onDiskError: (error: unknown) => void;
}

export class EngineTorrent implements AsyncDisposable {
  readonly infoHash: string;
  readonly #options: EngineTorrentOptions;
  readonly #record: TorrentRecord;
  readonly #reporter: Reporter;
  /** Addresses that are never connected to again. */
  readonly #banned = new Set<string>();
  /** Evicted pieces whose disk space is not freed yet, by the ticket of the report. */
  readonly #evicting = new Map<number, number[]>();
  #contents: TorrentContents | undefined;
  #swarm: SwarmTorrent | undefined;
  #error: AppError | undefined;
  #users = 0;
  #releasedAtMs = performance.now();
  /** Uploaded by earlier processes, and during earlier memberships of the swarm. */
  #uploadedBefore: number;
  readonly #downloadedBefore: number;

  constructor(kept: KeptTorrent, options: EngineTorrentOptions) {
    this.infoHash = kept.infoHash;
    this.#options = options;
    this.#record = new TorrentRecord(kept, options.resumeStore);
    this.#uploadedBefore = kept.uploadedBytes;
    this.#downloadedBefore = kept.downloadedBytes;
    this.#reporter = new Reporter(kept.infoHash, options.send);
    const metainfo = options.resumeStore.metainfo(kept.infoHash);
    if (metainfo) this.#setMetainfo(metainfo);
  }

  /** Undefined until the metainfo is known. */
  get contents(): TorrentContents | undefined {
    return this.#contents;
  }

  get isUsed(): boolean {
    return this.#users > 0;
  }

  /** The torrent has been unused for 10 s and holds no data on the disk. */
  get isSpent(): boolean {
    const isEmpty = (this.#contents?.diskBytes ?? 0) === 0;
    return !this.isUsed && !this.isActive && isEmpty && performance.now() - this.#releasedAtMs > SPENT_AFTER_MS;
  }

  /** Whether the torrent is in the swarm. */
  get isActive(): boolean {
    return this.#swarm !== undefined;
  }

  set users(count: number) {
    if (count === 0 && this.#users > 0) this.#releasedAtMs = performance.now();
    this.#users = count;
    this.#record.touch();
  }

  /** Adds new trackers, peers and web seeds; joins the swarm. */
  add({ metainfo, name, trackers, peers, webSeeds, users }: AddOrder): void {
    const { resumeStore } = this.#options;
    this.users = users;
    const before = this.#record.kept;
    this.#record.merge({ name: this.#contents?.metainfo.name ?? name ?? before.name, trackers, peers, webSeeds });
    // The record is saved before the directory is made: the next process removes directories without a record.
    if (!this.#swarm) this.#record.save();
    if (metainfo && !this.#contents) {
      resumeStore.keepMetainfo(this.infoHash, metainfo);
      this.#setMetainfo(metainfo);
      // The swarm is joined again with the metainfo, so that no peer is asked for it.
      void this.#leave();
    }
    this.#record.change();
    if (!this.#swarm) return this.#join();
    this.#swarm.addTrackers(trackers);
    this.#swarm.addPeers(peers);
    this.#swarm.addWebSeeds(webSeeds.filter((url) => !before.webSeeds.includes(url)));
  }

  /** To be called ten times a second. */
  tick(): void {
    this.#swarm?.tick();
    if (this.#swarm) this.#contents?.download.tick();
  }

  /** To be called every second: saves the changed record, and leaves the swarm when enough was uploaded. */
  maintain(): void {
    this.save();
    const { seedAfterMs, seedRatio, uploadLimit } = this.#options.settings;
    if (this.#users > 0 || !this.#swarm) return;
    const { uploadedBytes, downloadedBytes } = this.#record.kept;
    const hasSeeded = uploadLimit === 0 || uploadedBytes >= downloadedBytes * seedRatio;
    if (hasSeeded || performance.now() - this.#releasedAtMs >= seedAfterMs) void this.#leave();
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

  /** Removes pieces from the download. Their disk space is freed when the server no longer reads them: `acknowledgeEviction`. */
  evict(pieces: number[]): void {
    const contents = this.#contents;
    if (!contents) return;
    contents.evict(pieces);
    for (const piece of pieces) this.#swarm?.dontHave(piece);
    this.#record.change();
    this.save();
    this.#evicting.set(this.#reporter.evicted(pieces.map((piece) => contents.layout.blocksOf(piece))), pieces);
  }

  acknowledgeEviction(ticket: number): void {
    const pieces = this.#evicting.get(ticket);
    this.#evicting.delete(ticket);
    if (pieces && this.#contents?.free(pieces) === false)
      this.#options.log('this file system cannot make room inside of files');
  }

  /** Reports the changed figures. `problem`: that of the disk, which the engine knows. */
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
      onMetainfo: (metainfo) => this.#metainfoReceived(metainfo),
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

  /** The metainfo comes from a peer, or is the one that the swarm was joined with. */
  #metainfoReceived(metainfo: Uint8Array): void {
    if (!this.#contents) {
      this.#options.resumeStore.keepMetainfo(this.infoHash, metainfo);
      this.#setMetainfo(metainfo);
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

  #setMetainfo(metainfo: Uint8Array): void {
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
    const { resumeStore, roomBytes, onDiskError } = this.#options;
    const metainfo = parseMetainfo(metainfoBytes);
    if (metainfo.infoHash !== this.infoHash)
      throw new AppError('SOURCE_UNUSABLE', 'The torrent file is of another torrent');
    return new TorrentContents({
      metainfo,
      metainfoBytes,
      dataPath: resumeStore.dataPath(this.infoHash),
      claimed: this.#record.kept.verified,
      roomBytes,
      onBlocks: (start, end) => this.#reporter.blocks(start, end),
      onVerified: (piece) => this.#verified(piece),
      onBad: (ranges) => this.#reporter.bad(ranges),
      onCorrupt: (piece) => this.#corrupt(piece),
      onDiskError,
    });
  }

  #corrupt(piece: number): void {
    this.#record.change();
    if (this.#contents) this.#reporter.bad([this.#contents.layout.blocksOf(piece)]);
  }

  #verified(piece: number): void {
    this.#record.change();
    this.#reporter.verified(piece);
    this.#swarm?.have(piece);
  }
}
