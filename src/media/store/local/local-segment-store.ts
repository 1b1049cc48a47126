// Finished segments on the local disk, in files named by source, rendition and number. The least recently used (LRU) are evicted first; popular
// ones are also in memory.
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GIB, MIB } from '../../../base/units.ts';
import { AppError } from '../../../base/app-error.ts';
import { hasErrno } from '../../../base/errno.ts';
import { FilePartReader, memoryPartReader } from '../../../base/part-reader.ts';
import type { StoredRendition } from '../../model/rendition-track.ts';
import { ClaimTurns } from '../claim-turns.ts';
import { segmentEtag } from '../segment-etag.ts';
import type { ClaimResult, Segment, SegmentClaim, SegmentStore, SegmentStoreStats } from '../segment-store.ts';
import { DiskAllowance } from './disk-allowance.ts';
import { ensureDirectory, removeStartingWith, sizeOfDraft } from './draft-files.ts';
import { PinnedRanges } from './pinned-ranges.ts';
import { SegmentFiles } from './segment-files.ts';
import { SegmentMemory } from './segment-memory.ts';
import { renditionPath, segmentFileName, sourceDirectory } from './segment-path.ts';

export interface LocalSegmentStoreOptions {
  /** A new or empty directory that one process and this store alone use: files of an earlier server are ignored. */
  root: string;
  /** Default 4 GiB. */
  capBytes?: number;
  /** Free space to keep on the disk: the cap shrinks for it. Default 1 GiB. */
  keepFreeBytes?: number;
  /** How long a measurement of the free space is valid. Default 3 s. */
  freeCheckMs?: number;
  /** Default 64 MiB; segments larger than a quarter of it are served from the disk. */
  memoryBytes?: number;
  /** A viewer's pin expires after this long without a new one. Default 10 min. */
  pinMs?: number;
  /** Monotonic clock, milliseconds. */
  now?: () => number;
}

interface Entry {
  rendition: string;
  number: number;
  sizeBytes: number;
  etag: string;
  requests: number;
}

interface OpenClaim {
  sourceId: string;
  turn: Disposable;
  isInvalid: boolean;
}

export class LocalSegmentStore implements SegmentStore {
  readonly #options: Required<LocalSegmentStoreOptions>;
  /** Entries by name, least recently used first. */
  readonly #entries = new Map<string, Entry>();
  /** Cached paths of renditions: each is a digest, and every request needs one. */
  readonly #paths = new WeakMap<StoredRendition, string>();
  readonly #pins = new PinnedRanges();
  readonly #memory: SegmentMemory;
  readonly #turns = new ClaimTurns();
  readonly #files: SegmentFiles;
  readonly #disk: DiskAllowance;
  readonly #pace = { isQuick: false };
  readonly #claims = new Set<OpenClaim>();
  #sizeBytes = 0;
  #evicted = 0;

  /** @throws the file system's error when the directory cannot be created */
  static async open(options: LocalSegmentStoreOptions): Promise<LocalSegmentStore> {
    const store = new LocalSegmentStore(options);
    await mkdir(store.#options.root, { recursive: true });
    await store.#trim(undefined);
    return store;
  }

  private constructor(options: LocalSegmentStoreOptions) {
    this.#options = { ...DEFAULTS, now: () => performance.now(), ...options };
    const { root, keepFreeBytes, freeCheckMs, now, memoryBytes } = this.#options;
    this.#disk = new DiskAllowance({ root, keepFreeBytes, freeCheckMs, now });
    this.#files = new SegmentFiles(root);
    this.#memory = new SegmentMemory(memoryBytes);
  }

  get stats(): SegmentStoreStats {
    return {
      segments: this.#entries.size,
      sizeBytes: this.#sizeBytes,
      memoryBytes: this.#memory.sizeBytes,
      evicted: this.#evicted,
    };
  }

  get isTight(): boolean {
    return this.#sizeBytes >= this.#limit();
  }

  peek(rendition: StoredRendition, number: number): boolean {
    return this.#entries.has(this.#name(rendition, number));
  }

  async get(rendition: StoredRendition, number: number): Promise<Segment | undefined> {
    const name = this.#name(rendition, number);
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    entry.requests += 1;
    const bytes = this.#memory.get(name);
    if (bytes) return this.#segment(name, entry, bytes);
    if (!this.#isIntact(name, entry)) return undefined;
    const isValid = () => this.#entries.get(name) === entry;
    return this.#segment(
      name,
      entry,
      await this.#memory.read(name, { path: this.#files.path(name), ...entry }, isValid),
    );
  }

  async claim(rendition: StoredRendition, number: number, signal: AbortSignal): Promise<ClaimResult> {
    const turn = await this.#turns.take(this.#name(rendition, number), signal);
    try {
      const segment = await this.get(rendition, number);
      if (!segment) return { claim: await this.#open(rendition, number, turn) };
      turn[Symbol.dispose]();
      return { segment };
    } catch (error) {
      turn[Symbol.dispose]();
      throw error;
    }
  }

  pin(viewer: string, rendition: StoredRendition, range: { from: number; to: number }): void {
    const expiresMs = this.#options.now() + this.#options.pinMs;
    this.#pins.set(viewer, this.#directory(rendition), { ...range, expiresMs });
  }

  unpin(viewer: string): void {
    this.#pins.remove(viewer);
  }

  invalidate(sourceId: string): void {
    const directory = sourceDirectory(sourceId);
    for (const name of [...this.#entries.keys()]) if (name.startsWith(directory)) this.#evict(name);
    for (const claim of this.#claims) {
      if (claim.sourceId !== sourceId) continue;
      claim.isInvalid = true;
      claim.turn[Symbol.dispose]();
    }
  }

  async makeRoom(wantedBytes: number): Promise<boolean> {
    const before = this.#sizeBytes;
    this.#evictDownTo(before - wantedBytes, undefined);
    await this.#files.settled();
    return this.#sizeBytes < before;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#memory.clear();
    await this.#files.settled();
  }

  async #open(rendition: StoredRendition, number: number, turn: Disposable): Promise<SegmentClaim> {
    const name = this.#name(rendition, number);
    const drafts = join(this.#options.root, DRAFTS);
    await this.#trim(undefined);
    await ensureDirectory(drafts);
    const id = randomUUID();
    const outputPath = join(drafts, id);
    const claim = { sourceId: rendition.sourceId, turn, isInvalid: false };
    this.#claims.add(claim);
    return {
      outputPath,
      publish: async () => {
        if (claim.isInvalid) throw invalidated();
        const etag = segmentEtag(rendition, number);
        const parts = { rendition: this.#directory(rendition), number, etag };
        return this.#publish(outputPath, name, { parts, claim });
      },
      [Symbol.asyncDispose]: async () => {
        this.#claims.delete(claim);
        turn[Symbol.dispose]();
        await removeStartingWith(drafts, id);
      },
    };
  }

  async #publish(
    draft: string,
    name: string,
    { parts, claim }: { parts: Pick<Entry, 'rendition' | 'number' | 'etag'>; claim: OpenClaim },
  ): Promise<Segment> {
    const entry = { ...parts, sizeBytes: await sizeOfDraft(draft), requests: 1 };
    await this.#files.replace(name, draft, () => {
      this.#forget(name);
      this.#entries.set(name, entry);
      this.#sizeBytes += entry.sizeBytes;
    });
    // The source may have been invalidated while the file was put in place.
    if (claim.isInvalid) {
      if (this.#entries.get(name) === entry) this.#evict(name);
      throw invalidated();
    }
    await this.#trim(name);
    return this.#segment(name, entry, undefined);
  }

  #segment(name: string, { sizeBytes, etag }: Entry, bytes: Uint8Array | undefined): Segment {
    return {
      sizeBytes,
      etag,
      open: async (range) => {
        if (bytes) return memoryPartReader(bytes, range);
        try {
          return new FilePartReader(this.#files.path(name), range, this.#pace);
        } catch (error) {
          throw hasErrno(error, 'ENOENT') ? evicted(error) : error;
        }
      },
    };
  }

  /** Whether the file is the published one. Evicts the entry of any other file. */
  #isIntact(name: string, entry: Entry): boolean {
    if (this.#files.isIntact(name, entry.sizeBytes)) return true;
    if (this.#entries.get(name) === entry && !this.#files.isBeingReplaced(name)) this.#evict(name);
    return false;
  }

  #name(rendition: StoredRendition, number: number): string {
    return join(this.#directory(rendition), segmentFileName(rendition, number));
  }

  #directory(rendition: StoredRendition): string {
    const known = this.#paths.get(rendition);
    if (known !== undefined) return known;
    const path = renditionPath(rendition);
    this.#paths.set(rendition, path);
    return path;
  }

  async #trim(fresh: string | undefined): Promise<void> {
    this.#pins.expire(this.#options.now());
    if (this.#disk.isStale) {
      await this.#files.settled();
      await this.#disk.measure(() => this.#sizeBytes);
    }
    this.#evictDownTo(this.#limit(), fresh);
  }

  #limit(): number {
    return Math.min(this.#options.capBytes, this.#disk.allowedBytes);
  }

  #evictDownTo(limitBytes: number, fresh: string | undefined): void {
    if (this.#sizeBytes <= limitBytes) return;
    for (const [name, entry] of [...this.#entries]) {
      if (name === fresh || this.#files.isBeingReplaced(name) || this.#pins.has(entry.rendition, entry.number))
        continue;
      this.#evict(name);
      if (this.#sizeBytes <= limitBytes) return;
    }
  }

  #evict(name: string): void {
    this.#forget(name);
    this.#evicted += 1;
    this.#files.remove(name);
  }

  #forget(name: string): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    this.#entries.delete(name);
    this.#memory.delete(name);
    this.#sizeBytes -= entry.sizeBytes;
  }
}

function invalidated(): AppError {
  return new AppError('SOURCE_CHANGED', 'A part of the film was damaged when it came; it is being fetched again');
}

function evicted(cause: unknown): AppError {
  return new AppError('SEGMENT_EVICTED', 'The segment was evicted before it could be sent', {
    cause,
    retryAfterSeconds: 1,
  });
}

/** The directory of drafts, below the root. */
const DRAFTS = 'drafts';

const DEFAULTS = {
  capBytes: 4 * GIB,
  keepFreeBytes: GIB,
  freeCheckMs: 3000,
  memoryBytes: 64 * MIB,
  pinMs: 600_000,
};
