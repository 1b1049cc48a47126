// Finished segments: files named by what they hold, the least recently used go first, those asked for again and again are in memory too.
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdir, open, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { AppError } from '../../base/app-error.ts';
import { SingleFlight } from '../../base/single-flight.ts';
import { DiskAllowance } from './disk-allowance.ts';
import { madeDirectory, moveInto, removeStartingWith, sizeOfDraft } from './draft-files.ts';
import { KeptWindows } from './kept-windows.ts';
import type { SegmentFile } from './segment-file.ts';
import { type CachedRendition, renditionPath, segmentEtag, segmentFileName, sourceDirectory } from './segment-path.ts';

export interface SegmentCacheOptions {
  /** A directory of the cache's own, new or empty: what an earlier server left is not looked at. One process at a time. */
  root: string;
  /** Default 4 GiB. */
  capBytes?: number;
  /** What must stay free on the disk: the cap shrinks for it. Default 1 GiB. */
  keepFreeBytes?: number;
  /** How long a look at the free space is good for. Default 3 s. */
  freeCheckMs?: number;
  /** Default 64 MiB; segments larger than a quarter of it are served from the disk. */
  memoryBytes?: number;
  /** A viewer's window is forgotten after this long without a new wish. Default 10 min. */
  windowMs?: number;
  /** Monotonic clock, milliseconds. */
  now?: () => number;
}

export interface CacheStats {
  segments: number;
  sizeBytes: number;
  memoryBytes: number;
  evicted: number;
}

/** A segment being made. Disposing removes what was written and not published, also by workers that died over it. */
export interface SegmentDraft extends AsyncDisposable {
  /** Where the worker puts the finished segment. */
  readonly outputPath: string;
  /** Makes the finished segment visible, all at once; returns its size in bytes. @throws AppError DISK_FULL, SOURCE_CHANGED (it was made of wrong bytes) */
  publish(): Promise<number>;
}

interface Entry {
  rendition: string;
  number: number;
  sizeBytes: number;
  looks: number;
}

export class SegmentCache implements AsyncDisposable {
  readonly #options: Required<SegmentCacheOptions>;
  /** By name, least recently used first. */
  readonly #entries = new Map<string, Entry>();
  /** Paths of renditions, which are digests and asked for all the time. */
  readonly #paths = new WeakMap<CachedRendition, string>();
  readonly #windows = new KeptWindows();
  readonly #memory: LRUCache<string, Uint8Array>;
  readonly #reads = new SingleFlight<{ bytes: Uint8Array | undefined } | undefined>();
  /** Files being removed, by name: none may be written anew until it is gone. */
  readonly #leaving = new Map<string, Promise<void>>();
  /** Names under which a file is about to appear: what was there is replaced, not removed. */
  readonly #appearing = new Set<string>();
  readonly #disk: DiskAllowance;
  /** How often what was made of a source turned out to be wrong, by its id. */
  readonly #spoiled = new Map<string, number>();
  #sizeBytes = 0;
  #evicted = 0;

  /** @throws when the directory cannot be made */
  static async open(options: SegmentCacheOptions): Promise<SegmentCache> {
    const cache = new SegmentCache(options);
    await mkdir(cache.#options.root, { recursive: true });
    await cache.#trim(undefined);
    return cache;
  }

  private constructor(options: SegmentCacheOptions) {
    this.#options = { ...DEFAULTS, now: () => performance.now(), ...options };
    const { root, keepFreeBytes, freeCheckMs, now, memoryBytes } = this.#options;
    this.#disk = new DiskAllowance({ root, keepFreeBytes, freeCheckMs, now });
    this.#memory = new LRUCache({
      maxSize: memoryBytes,
      maxEntrySize: Math.ceil(memoryBytes / 4),
      sizeCalculation: (bytes) => bytes.byteLength,
      ttl: MEMORY_MS,
      updateAgeOnGet: true,
      ttlAutopurge: true,
    });
  }

  get stats(): CacheStats {
    return {
      segments: this.#entries.size,
      sizeBytes: this.#sizeBytes,
      memoryBytes: this.#memory.calculatedSize,
      evicted: this.#evicted,
    };
  }

  /** Whether even eviction leaves no room for more than viewers are playing: no moment to work ahead. */
  get isTight(): boolean {
    return this.#sizeBytes >= this.#limit();
  }

  has(rendition: CachedRendition, number: number): boolean {
    return this.#entries.has(this.#name(rendition, number));
  }

  /** The segment, now the most recently used one, for so many viewers; undefined when it is not there, or not whole. */
  async lookup(rendition: CachedRendition, number: number, viewers = 1): Promise<SegmentFile | undefined> {
    const name = this.#name(rendition, number);
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    entry.looks += viewers;
    const bytes = this.#memory.get(name);
    const read = bytes ? { bytes } : await this.#reads.run(name, () => this.#read(name, entry));
    if (!read) return undefined;
    return {
      path: join(this.#options.root, name),
      sizeBytes: entry.sizeBytes,
      etag: segmentEtag(rendition, number),
      bytes: read.bytes,
    };
  }

  /** A place to write segment `number` to. Any number of drafts of one segment may exist; each is published or removed. */
  async draft(rendition: CachedRendition, number: number): Promise<SegmentDraft> {
    const name = this.#name(rendition, number);
    const drafts = join(this.#options.root, DRAFTS);
    await this.#trim(undefined);
    await madeDirectory(drafts);
    const id = randomUUID();
    const { sourceId } = rendition;
    const spoiled = this.#spoiled.get(sourceId);
    const outputPath = join(drafts, id);
    return {
      outputPath,
      publish: async () => {
        if (this.#spoiled.get(sourceId) !== spoiled) throw spoiledError();
        return this.#publish(outputPath, name, { rendition: this.#path(rendition), number });
      },
      [Symbol.asyncDispose]: () => removeStartingWith(drafts, id),
    };
  }

  /** Segments `[from, to)` of the rendition stay, until the viewer's next window in it, `release`, or ten minutes of silence. */
  keep(viewer: string, rendition: CachedRendition, window: { from: number; to: number }): void {
    const expiresMs = this.#options.now() + this.#options.windowMs;
    this.#windows.set(viewer, this.#path(rendition), { ...window, expiresMs });
  }

  /** Bytes of the source turned out to be wrong: what was made of it goes, and what is being made will not appear. */
  spoil(sourceId: string): void {
    this.#spoiled.set(sourceId, (this.#spoiled.get(sourceId) ?? 0) + 1);
    const directory = sourceDirectory(sourceId);
    for (const [name, entry] of [...this.#entries]) if (name.startsWith(directory)) this.#evict(name, entry);
  }

  /** Forgets the viewer's windows. */
  release(viewer: string): void {
    this.#windows.remove(viewer);
  }

  /** Evicts at least `wantedBytes`, as far as viewers' windows allow; whether anything went. Resolves when the disk has the room. */
  async makeRoom(wantedBytes: number): Promise<boolean> {
    const before = this.#sizeBytes;
    this.#evictDownTo(before - wantedBytes, undefined);
    await Promise.all(this.#leaving.values());
    return this.#sizeBytes < before;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#memory.clear();
    await Promise.all(this.#leaving.values());
  }

  #name(rendition: CachedRendition, number: number): string {
    return join(this.#path(rendition), segmentFileName(rendition, number));
  }

  #path(rendition: CachedRendition): string {
    const known = this.#paths.get(rendition);
    if (known !== undefined) return known;
    const path = renditionPath(rendition);
    this.#paths.set(rendition, path);
    return path;
  }

  async #publish(
    draft: string,
    name: string,
    { rendition, number }: { rendition: string; number: number },
  ): Promise<number> {
    const sizeBytes = await sizeOfDraft(draft);
    this.#appearing.add(name);
    try {
      await this.#leaving.get(name);
      await moveInto(join(this.#options.root, name), draft);
      this.#forget(name);
      this.#entries.set(name, { rendition, number, sizeBytes, looks: 0 });
      this.#sizeBytes += sizeBytes;
    } finally {
      this.#appearing.delete(name);
    }
    await this.#trim(name);
    return sizeBytes;
  }

  /**
   * Undefined (and forgotten) when it is not the file that was published. One viewer's segment is sent from the file, which is sooner
   * than reading all of it first; what several ask for is read into memory, when there is room. Nothing gives way for it: filling memory
   * costs more than many segments from the disk.
   */
  async #read(name: string, entry: Entry): Promise<{ bytes: Uint8Array | undefined } | undefined> {
    const path = join(this.#options.root, name);
    // The system keeps what it knows of such files in memory: a thread that asks it takes many times longer.
    if (sizeOf(path) !== entry.sizeBytes) {
      if (this.#entries.get(name) === entry && !this.#appearing.has(name)) this.#evict(name, entry);
      return undefined;
    }
    const room = Math.min(this.#memory.maxEntrySize, this.#memory.maxSize - this.#memory.calculatedSize);
    if (entry.looks < POPULAR_LOOKS || entry.sizeBytes > room) return { bytes: undefined };
    const bytes = await readWhole(path, entry.sizeBytes);
    if (bytes && this.#entries.get(name) === entry) this.#memory.set(name, bytes);
    return { bytes };
  }

  async #trim(fresh: string | undefined): Promise<void> {
    this.#windows.expire(this.#options.now());
    if (this.#disk.isStale) {
      await Promise.all(this.#leaving.values());
      await this.#disk.look(() => this.#sizeBytes);
    }
    this.#evictDownTo(this.#limit(), fresh);
  }

  #limit(): number {
    return Math.min(this.#options.capBytes, this.#disk.allowedBytes);
  }

  #evictDownTo(limitBytes: number, fresh: string | undefined): void {
    if (this.#sizeBytes <= limitBytes) return;
    for (const [name, entry] of [...this.#entries]) {
      if (name === fresh || this.#appearing.has(name) || this.#windows.has(entry.rendition, entry.number)) continue;
      this.#evict(name, entry);
      if (this.#sizeBytes <= limitBytes) return;
    }
  }

  #evict(name: string, entry: Entry): void {
    this.#forget(name);
    this.#evicted += 1;
    const { root } = this.#options;
    const removal = rm(join(root, name), { force: true })
      .then(() => rmdir(join(root, entry.rendition)))
      .then(() => rmdir(join(root, dirname(entry.rendition))))
      // Directories that still hold something stay.
      .catch(() => {})
      .finally(() => this.#leaving.delete(name));
    this.#leaving.set(name, removal);
  }

  #forget(name: string): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    this.#entries.delete(name);
    this.#memory.delete(name);
    this.#sizeBytes -= entry.sizeBytes;
  }
}

function spoiledError(): AppError {
  return new AppError('SOURCE_CHANGED', 'A part of the film was damaged when it came; it is being fetched again');
}

/** Undefined when there is no such file, or it cannot be reached. */
function sizeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size;
  } catch {
    return undefined;
  }
}

/** Undefined when there is no such file, or one of another size. */
async function readWhole(path: string, sizeBytes: number): Promise<Uint8Array | undefined> {
  const file = await open(path).catch(() => undefined);
  try {
    const bytes = Buffer.allocUnsafeSlow(sizeBytes);
    const read = await file?.read(bytes, 0, sizeBytes, 0);
    return read?.bytesRead === sizeBytes ? bytes : undefined;
  } finally {
    await file?.close();
  }
}

/** From this look on a segment is kept in memory: two viewers have had it. */
const POPULAR_LOOKS = 3;

/** What nobody asks for this long leaves the memory. */
const MEMORY_MS = 60_000;

/** Where unfinished segments are written, below the root. */
const DRAFTS = 'drafts';

const DEFAULTS = {
  capBytes: 4 * 2 ** 30,
  keepFreeBytes: 2 ** 30,
  freeCheckMs: 3000,
  memoryBytes: 64 * 2 ** 20,
  windowMs: 600_000,
};
