// How large the copy of a source without ranges may get: a cap of its own, and never the last free space of its disk.
import { GIB } from '../../../base/units.ts';
import { AppError } from '../../../base/app-error.ts';
import { isReserveReached } from '../../../base/disk-reserve.ts';

export interface SpoolLimits {
  directory: string;
  capBytes: number;
  keepFreeBytes: number;
}

/** How long a look at the disk is good for. */
const LOOK_MS = 2_000;

export class SpoolAllowance {
  readonly #limits: SpoolLimits;
  #lookedMs = -Infinity;

  constructor(limits: SpoolLimits) {
    this.#limits = limits;
  }

  /**
   * Before the copy grows to `sizeBytes`.
   * @throws AppError DISK_FULL
   */
  async check(sizeBytes: number): Promise<void> {
    const { directory, capBytes, keepFreeBytes } = this.#limits;
    if (sizeBytes > capBytes) {
      throw new AppError(
        'DISK_FULL',
        `The server only sends the film from its start, and no more than ${(capBytes / GIB).toFixed(1)} GiB of it are kept on the disk`,
      );
    }
    if (performance.now() - this.#lookedMs < LOOK_MS) return;
    if (await isReserveReached(directory, keepFreeBytes)) {
      const hint = 'Free some space, then play again';
      throw new AppError('DISK_FULL', 'The disk is full but for a small reserve', { hint });
    }
    this.#lookedMs = performance.now();
  }
}
