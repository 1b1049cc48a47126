// A segment store in memory that behaves like a remote one: replies may be late, calls may fail, and there is no synchronous peek.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../../src/base/app-error.ts';
import { memoryPartReader } from '../../../src/base/part-reader.ts';
import type { StoredRendition } from '../../../src/media/model/rendition-track.ts';
import { ClaimTurns } from '../../../src/media/store/claim-turns.ts';
import { segmentEtag } from '../../../src/media/store/segment-etag.ts';
import type { ClaimResult, Segment, SegmentStore } from '../../../src/media/store/segment-store.ts';

export interface MemoryStoreOptions {
  capBytes?: number;
  /** Delay of each reply, milliseconds. */
  delayMs?: number;
}

interface Held {
  sourceId: string;
  bytes: Buffer;
}

export class MemorySegmentStore implements SegmentStore {
  readonly isTight = false;
  /** Number of upcoming calls of each kind that fail. */
  readonly failing = { get: 0, claim: 0, publish: 0 };
  readonly #directory: string;
  readonly #capBytes: number;
  readonly #delayMs: number;
  readonly #turns = new ClaimTurns();
  /** By validator, least recently used first. */
  readonly #held = new Map<string, Held>();
  readonly #pins = new Map<string, (etag: string) => boolean>();
  readonly #claims = new Set<{ sourceId: string; turn: Disposable; isInvalid: boolean }>();
  #evicted = 0;

  static async open(options: MemoryStoreOptions = {}): Promise<MemorySegmentStore> {
    return new MemorySegmentStore(await mkdtemp(join(tmpdir(), 'raffi-memory-store-')), options);
  }

  private constructor(directory: string, { capBytes = Infinity, delayMs = 0 }: MemoryStoreOptions) {
    this.#directory = directory;
    this.#capBytes = capBytes;
    this.#delayMs = delayMs;
  }

  get stats(): SegmentStore['stats'] {
    return { segments: this.#held.size, sizeBytes: this.#sizeBytes, memoryBytes: 0, evicted: this.#evicted };
  }

  async get(rendition: StoredRendition, number: number): Promise<Segment | undefined> {
    await this.#answer('get');
    const etag = etagOf(rendition, number);
    const held = this.#held.get(etag);
    if (!held) return undefined;
    this.#held.delete(etag);
    this.#held.set(etag, held);
    return this.#segment(etag, held.bytes.byteLength);
  }

  async claim(rendition: StoredRendition, number: number, signal: AbortSignal): Promise<ClaimResult> {
    const etag = etagOf(rendition, number);
    const turn = await this.#turns.take(etag, signal);
    try {
      await this.#answer('claim');
      const segment = this.#held.has(etag) ? await this.get(rendition, number) : undefined;
      if (!segment) return { claim: this.#open({ rendition, etag, turn }) };
      turn[Symbol.dispose]();
      return { segment };
    } catch (error) {
      turn[Symbol.dispose]();
      throw error;
    }
  }

  peek(rendition: StoredRendition, number: number): boolean {
    etagOf(rendition, number);
    return false;
  }

  pin(viewer: string, rendition: StoredRendition, { from, to }: { from: number; to: number }): void {
    const etags = new Set(Array.from({ length: to - from }, (_, index) => segmentEtag(rendition, from + index)));
    this.#pins.set(viewer, (etag) => etags.has(etag));
  }

  unpin(viewer: string): void {
    this.#pins.delete(viewer);
  }

  invalidate(sourceId: string): void {
    for (const [etag, held] of [...this.#held]) if (held.sourceId === sourceId) this.#held.delete(etag);
    for (const claim of this.#claims) {
      if (claim.sourceId !== sourceId) continue;
      claim.isInvalid = true;
      claim.turn[Symbol.dispose]();
    }
  }

  async makeRoom(wantedBytes: number): Promise<boolean> {
    const before = this.#sizeBytes;
    this.#evictDownTo(before - wantedBytes, undefined);
    return this.#sizeBytes < before;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  get #sizeBytes(): number {
    return this.#held.values().reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  }

  #open({ rendition, etag, turn }: { rendition: StoredRendition; etag: string; turn: Disposable }) {
    const outputPath = join(this.#directory, randomUUID());
    const claim = { sourceId: rendition.sourceId, turn, isInvalid: false };
    this.#claims.add(claim);
    return {
      outputPath,
      publish: async () => {
        const bytes = await readFile(outputPath);
        await this.#answer('publish');
        if (claim.isInvalid) throw new AppError('SOURCE_CHANGED', 'The source was invalidated');
        this.#held.set(etag, { sourceId: rendition.sourceId, bytes });
        this.#evictDownTo(this.#capBytes, etag);
        return this.#segment(etag, bytes.byteLength);
      },
      [Symbol.asyncDispose]: async () => {
        this.#claims.delete(claim);
        turn[Symbol.dispose]();
        await rm(outputPath, { force: true });
      },
    };
  }

  #segment(etag: string, sizeBytes: number): Segment {
    return {
      sizeBytes,
      etag,
      open: async (range) => {
        await sleep(this.#delayMs);
        const held = this.#held.get(etag);
        if (!held) throw new AppError('SEGMENT_EVICTED', 'The segment was evicted');
        return memoryPartReader(held.bytes, range);
      },
    };
  }

  async #answer(call: keyof MemorySegmentStore['failing']): Promise<void> {
    await sleep(this.#delayMs);
    if (this.failing[call] === 0) return;
    this.failing[call] -= 1;
    throw new AppError('SOURCE_FAILED', 'The store did not answer');
  }

  #evictDownTo(limitBytes: number, fresh: string | undefined): void {
    for (const etag of [...this.#held.keys()]) {
      if (this.#sizeBytes <= limitBytes) return;
      if (etag === fresh || this.#pins.values().some((isPinned) => isPinned(etag))) continue;
      this.#held.delete(etag);
      this.#evicted += 1;
    }
  }
}

function etagOf(rendition: StoredRendition, number: number): string {
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`no segment ${number}`);
  return segmentEtag(rendition, number);
}
