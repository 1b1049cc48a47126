// How many bytes the store may hold so that the disk keeps a reserve of free space.
import { statfs } from 'node:fs/promises';

export interface DiskAllowanceOptions {
  /** Any directory on the disk. */
  root: string;
  /** The free space to keep. */
  keepFreeBytes: number;
  /** How long a measurement is valid. */
  freeCheckMs: number;
  now: () => number;
}

export class DiskAllowance {
  readonly #options: DiskAllowanceOptions;
  #allowedBytes = Infinity;
  #measuredMs = -Infinity;

  constructor(options: DiskAllowanceOptions) {
    this.#options = options;
  }

  /** As of the last measurement; less than the bytes held when other programs have filled the disk. */
  get allowedBytes(): number {
    return this.#allowedBytes;
  }

  get isStale(): boolean {
    return this.#options.now() - this.#measuredMs > this.#options.freeCheckMs;
  }

  /** Measures the free space; `heldBytes` returns the bytes that the store holds at that moment. A failed measurement sets no limit. */
  async measure(heldBytes: () => number): Promise<void> {
    this.#measuredMs = this.#options.now();
    const disk = await statfs(this.#options.root).catch(() => undefined);
    this.#allowedBytes = disk ? heldBytes() + disk.bavail * disk.bsize - this.#options.keepFreeBytes : Infinity;
  }
}
