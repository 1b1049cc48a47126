// Segments that several viewers request are kept in memory. A segment for one viewer is sent from its file, which starts sooner than a read of
// the whole file. A segment never displaces another, because filling memory costs more than many reads from the disk.
import { open } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import { SingleFlight } from '../../../base/single-flight.ts';

/** A segment is kept in memory from this request on: two viewers have received it. */
const POPULAR_REQUESTS = 3;

/** A segment leaves the memory after this long without a request. */
const IDLE_MS = 60_000;

export interface MemoryCandidate {
  path: string;
  sizeBytes: number;
  /** Number of requests for the segment so far. */
  requests: number;
}

export class SegmentMemory {
  readonly #segments: LRUCache<string, Uint8Array>;
  readonly #reads = new SingleFlight<Uint8Array | undefined>();

  /** @param capBytes a segment larger than a quarter of it is not kept */
  constructor(capBytes: number) {
    this.#segments = new LRUCache({
      maxSize: capBytes,
      maxEntrySize: Math.ceil(capBytes / 4),
      sizeCalculation: (bytes) => bytes.byteLength,
      ttl: IDLE_MS,
      updateAgeOnGet: true,
      ttlAutopurge: true,
    });
  }

  get sizeBytes(): number {
    return this.#segments.calculatedSize;
  }

  get(name: string): Uint8Array | undefined {
    return this.#segments.get(name);
  }

  /** Reads a popular segment if it fits; keeps it if `isValid` still holds after the read. Undefined: the segment is not held in memory. */
  async read(name: string, candidate: MemoryCandidate, isValid: () => boolean): Promise<Uint8Array | undefined> {
    const { path, sizeBytes, requests } = candidate;
    const { maxEntrySize, maxSize, calculatedSize } = this.#segments;
    if (requests < POPULAR_REQUESTS || sizeBytes > Math.min(maxEntrySize, maxSize - calculatedSize)) return undefined;
    const bytes = await this.#reads.run(name, () => readWhole(path, sizeBytes));
    if (bytes && isValid()) this.#segments.set(name, bytes);
    return bytes;
  }

  delete(name: string): void {
    this.#segments.delete(name);
  }

  clear(): void {
    this.#segments.clear();
  }
}

/** Undefined when the file is missing or has another size. */
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
