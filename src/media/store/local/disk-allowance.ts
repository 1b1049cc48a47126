// How many bytes the cache may hold without taking the last free space of the disk.
import { statfs } from 'node:fs/promises';

export interface DiskAllowanceOptions {
  /** Any directory on the disk. */
  root: string;
  /** What must stay free. */
  keepFreeBytes: number;
  /** How long a look is good for. */
  freeCheckMs: number;
  now: () => number;
}

export class DiskAllowance {
  readonly #options: DiskAllowanceOptions;
  #allowedBytes = Infinity;
  #lookedMs = -Infinity;

  constructor(options: DiskAllowanceOptions) {
    this.#options = options;
  }

  /** As of the last look; less than what is held when others have filled the disk. */
  get allowedBytes(): number {
    return this.#allowedBytes;
  }

  get isStale(): boolean {
    return this.#options.now() - this.#lookedMs > this.#options.freeCheckMs;
  }

  /** `heldBytes` tells what the cache holds at the moment of the look. A disk that cannot be asked sets no limit. */
  async look(heldBytes: () => number): Promise<void> {
    this.#lookedMs = this.#options.now();
    const disk = await statfs(this.#options.root).catch(() => undefined);
    this.#allowedBytes = disk ? heldBytes() + disk.bavail * disk.bsize - this.#options.keepFreeBytes : Infinity;
  }
}
