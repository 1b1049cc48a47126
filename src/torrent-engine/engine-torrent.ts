// One torrent of the engine: what is kept of it on the disk, its download, and its place in the swarm while it has one.
import type WebTorrent from 'webtorrent';
import { AppError } from '../base/app-error.ts';
import type { AddOrder, EngineReport, ReaderOrder } from './protocol/engine-protocol.ts';
import { parseMetainfo, type Metainfo } from './protocol/metainfo.ts';
import type { TorrentStats } from './protocol/torrent-engine.ts';
import type { TorrentSettings } from './protocol/torrent-settings.ts';
import type { Evictable } from './storage/eviction.ts';
import { Reporter } from './protocol/reporter.ts';
import { SwarmTorrent } from './swarm/swarm-torrent.ts';
import { TorrentContents } from './storage/torrent-contents.ts';
import type { KeptTorrent, Vault } from './storage/vault.ts';

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
  readonly #reporter: Reporter;
  /** Addresses nobody talks to any more. */
  readonly #banned = new Set<string>();
  readonly #punching = new Map<number, number[]>();
  #kept: KeptTorrent;
  #contents: TorrentContents | undefined;
  #swarm: SwarmTorrent | undefined;
  #error: AppError | undefined;
  #users = 0;
  #releasedAtMs = performance.now();
  #uploadedBefore: number;
  #downloadedBefore: number;
  #isDirty = false;
  #lastStats = '';

  constructor(kept: KeptTorrent, options: EngineTorrentOptions) {
    this.infoHash = kept.infoHash;
    this.#kept = kept;
    this.#options = options;
    this.#uploadedBefore = kept.uploadedBytes;
    this.#downloadedBefore = kept.downloadedBytes;
    this.#reporter = new Reporter(kept.infoHash, options.send);
    const metainfo = options.vault.metainfo(kept.infoHash);
    if (metainfo) this.#learn(metainfo);
  }

  get usedAtMs(): number {
    return this.#kept.usedAtMs;
  }

  get diskBytes(): number {
    return this.#contents?.download.table.diskBytes ?? 0;
  }

  get leavingBytes(): number {
    return (this.#contents?.download.table.leaving.size ?? 0) * (this.#contents?.layout.pieceBytes ?? 0);
  }

  get isUsed(): boolean {
    return this.#users > 0;
  }

  /** Nobody uses it, and nothing of it is left on the disk. */
  get isSpent(): boolean {
    return (
      this.#users === 0 &&
      !this.#swarm &&
      this.diskBytes === 0 &&
      performance.now() - this.#releasedAtMs > SPENT_AFTER_MS
    );
  }

  get requestedBytes(): number {
    return this.#contents?.download.requestedBytes ?? 0;
  }

  get readerCount(): number {
    return this.#contents?.download.readers.count ?? 0;
  }

  get isActive(): boolean {
    return this.#swarm !== undefined;
  }

  /** Adds what is new; joins the swarm. */
  add({ metainfo, name, trackers, peers, webSeeds, users }: AddOrder): void {
    const { vault } = this.#options;
    this.users = users;
    const kept = this.#kept;
    this.#kept = {
      ...kept,
      name: this.#contents?.metainfo.name ?? name ?? kept.name,
      trackers: union(kept.trackers, trackers),
      peers: union(kept.peers, peers).slice(-100),
      webSeeds: union(kept.webSeeds, webSeeds),
      usedAtMs: Date.now(),
    };
    // Before there is a directory: one without a row is removed by the next process.
    if (!this.#swarm) vault.save(this.#kept);
    if (metainfo && !this.#contents) {
      vault.keepMetainfo(this.infoHash, metainfo);
      this.#learn(metainfo);
      // No peer has to be asked for it any more.
      void this.leave();
    }
    this.#isDirty = true;
    if (!this.#swarm) return this.#join();
    this.#swarm.addTrackers(trackers);
    this.#swarm.addPeers(peers);
    this.#swarm.addWebSeeds(webSeeds.filter((url) => !kept.webSeeds.includes(url)));
  }

  set users(count: number) {
    if (count === 0 && this.#users > 0) this.#releasedAtMs = performance.now();
    this.#users = count;
    this.#kept.usedAtMs = Date.now();
    this.#isDirty = true;
  }

  setReader(order: ReaderOrder): void {
    this.#contents?.download.setReader(order);
  }

  closeReader(reader: number): void {
    this.#contents?.download.closeReader(reader);
  }

  prefetch(fileIndex: number, ranges: readonly { start: number; end: number }[]): void {
    this.#contents?.download.prefetch(fileIndex, ranges);
  }

  set mostAheadBytes(bytes: number) {
    if (this.#contents) this.#contents.download.readers.mostAheadBytes = bytes;
  }

  /** Ten times a second. */
  tick(): void {
    this.#swarm?.tick();
    if (this.#swarm) this.#contents?.download.tick();
  }

  /** Every second: writes down what changed, and leaves the swarm when it has given enough. */
  lookAfter(): void {
    this.save();
    const { seedAfterMs, seedRatio, uploadLimit } = this.#options.settings;
    if (this.#users > 0 || !this.#swarm) return;
    const { uploadedBytes, downloadedBytes } = this.#kept;
    const hasGiven = uploadLimit === 0 || uploadedBytes >= downloadedBytes * seedRatio;
    if (hasGiven || performance.now() - this.#releasedAtMs >= seedAfterMs) void this.leave();
  }

  save(): void {
    const download = this.#contents?.download;
    const downloadedBytes = this.#downloadedBefore + (download?.counts.downloadedBytes ?? 0);
    const uploadedBytes = this.#uploadedBefore + (this.#swarm?.uploadedBytes ?? 0);
    if (!this.#isDirty && uploadedBytes === this.#kept.uploadedBytes) return;
    this.#kept = {
      ...this.#kept,
      downloadedBytes,
      uploadedBytes,
      verified: this.#contents?.goodPieces() ?? this.#kept.verified,
    };
    this.#isDirty = !this.#options.vault.save(this.#kept);
  }

  async leave(): Promise<void> {
    const swarm = this.#swarm;
    this.#swarm = undefined;
    this.#uploadedBefore += swarm?.uploadedBytes ?? 0;
    await swarm?.[Symbol.asyncDispose]();
  }

  stopForDisk(): void {
    this.#contents?.download.stop();
  }

  goOn(): void {
    this.#contents?.download.start();
  }

  evictable(): Evictable | undefined {
    return this.#contents?.evictable({ isUsed: this.#users > 0, usedAtMs: this.#kept.usedAtMs });
  }

  /** Takes pieces out of the game; their room is freed once the server has let go of them. */
  evict(pieces: number[]): void {
    if (!this.#contents) return;
    const { download, layout } = this.#contents;
    download.evict(pieces);
    for (const piece of pieces) {
      download.table.leaving.add(piece);
      this.#swarm?.haveNoMore(piece);
    }
    this.#isDirty = true;
    this.save();
    this.#punching.set(this.#reporter.evicted(pieces.map((piece) => layout.blocksOf(piece))), pieces);
  }

  letGo(ticket: number): void {
    const pieces = this.#punching.get(ticket);
    this.#punching.delete(ticket);
    if (!pieces || !this.#contents) return;
    const { download, layout, file } = this.#contents;
    for (const piece of pieces) {
      if (!file.punch(layout.pieceRange(piece))) this.#options.log('this file system cannot make room inside of files');
      download.table.leaving.delete(piece);
    }
    download.kick();
  }

  get canPunch(): boolean {
    return this.#contents?.file.canPunch ?? true;
  }

  /** `problem`: of the disk, from outside. */
  report(problem: TorrentStats['problem']): void {
    const stats = this.stats(problem);
    const text = JSON.stringify(stats);
    if (text === this.#lastStats) return;
    this.#lastStats = text;
    this.#options.send({ type: 'stats', infoHash: this.infoHash, stats });
  }

  stats(problem: TorrentStats['problem']): TorrentStats {
    const table = this.#contents?.download.table;
    const counts = this.#contents?.download.counts;
    const verifiedPieces = (table?.verified.count ?? 0) + (table?.claimed.count ?? 0);
    const { peers, seeds } = this.#swarm?.peerCounts ?? { peers: 0, seeds: 0 };
    const speeds = this.#swarm?.speeds;
    const isWhole = table !== undefined && verifiedPieces === table.layout.pieceCount;
    return {
      stage: this.#error ? 'error' : table === undefined ? 'metadata' : isWhole ? 'ready' : 'downloading',
      error: this.#error?.message,
      problem: problem ?? (peers === 0 && !isWhole ? 'no-peers' : undefined),
      isActive: this.#swarm !== undefined,
      peers,
      seeds,
      bannedPeers: this.#banned.size,
      downloadSpeed: Math.round(speeds?.download ?? 0),
      uploadSpeed: Math.round(speeds?.upload ?? 0),
      downloadedBytes: counts?.downloadedBytes ?? 0,
      wastedBytes: counts?.wastedBytes ?? 0,
      badBytes: counts?.badBytes ?? 0,
      badPieces: counts?.badPieces ?? 0,
      uploadedBytes: this.#uploadedBefore + (this.#swarm?.uploadedBytes ?? 0),
      verifiedPieces,
      diskBytes: this.diskBytes,
      readers: this.readerCount,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = this.leave();
    this.#contents?.[Symbol.dispose]();
    this.#contents = undefined;
    await left;
  }

  #join(): void {
    const { client, settings, log } = this.#options;
    if (this.#error) return;
    const { trackers, peers, webSeeds } = this.#kept;
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

  /** From a peer, or what we had given. */
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
    void this.leave();
  }

  #learn(bytes: Uint8Array): void {
    try {
      const metainfo = parseMetainfo(bytes);
      if (metainfo.infoHash !== this.infoHash)
        throw new AppError('SOURCE_UNUSABLE', 'The torrent file is of another torrent');
      this.#contents = this.#prepared(metainfo, bytes);
    } catch (cause) {
      const error =
        cause instanceof AppError
          ? cause
          : new AppError('SOURCE_FAILED', 'The torrent could not be put on the disk', { cause });
      return this.#fail(error);
    }
    this.#kept.name = this.#contents.metainfo.name;
    this.#isDirty = true;
    this.#tellMetadata(this.#contents);
  }

  #prepared(metainfo: Metainfo, metainfoBytes: Uint8Array): TorrentContents {
    const { vault, roomBytes, onDiskError } = this.#options;
    return new TorrentContents({
      metainfo,
      metainfoBytes,
      dataPath: vault.dataPath(this.infoHash),
      claimed: this.#kept.verified,
      roomBytes,
      onBlocks: (start, end) => this.#reporter.blocks(start, end),
      onVerified: (piece) => this.#verified(piece),
      onBad: (ranges) => this.#reporter.bad(ranges),
      onRotten: (piece) => this.#rotten(piece),
      onDiskError,
    });
  }

  #tellMetadata(contents: TorrentContents): void {
    this.#options.send(contents.report());
    contents.reportPieces(this.#reporter);
  }

  #rotten(piece: number): void {
    this.#isDirty = true;
    if (this.#contents) this.#reporter.bad([this.#contents.layout.blocksOf(piece)]);
  }

  #verified(piece: number): void {
    this.#isDirty = true;
    this.#reporter.verified(piece);
    this.#swarm?.have(piece);
  }
}

function union(some: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...some, ...more])];
}
