// Limits the size of the spool of a source without ranges: by a cap, and by a reserve of free space on its disk.
import { GIB } from '../../../base/units.ts';
import { AppError } from '../../../base/app-error.ts';
import { isReserveReached } from '../../../base/disk-reserve.ts';

export interface SpoolLimits {
  directory: string;
  capBytes: number;
  keepFreeBytes: number;
}

/** Interval between two checks of the free space. */
const CHECK_MS = 2_000;

export class SpoolAllowance {
  readonly #limits: SpoolLimits;
  #checkedMs = -Infinity;

  constructor(limits: SpoolLimits) {
    this.#limits = limits;
  }

  /**
   * To be called before the spool grows to `sizeBytes`.
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
    if (performance.now() - this.#checkedMs < CHECK_MS) return;
    if (await isReserveReached(directory, keepFreeBytes)) {
      const hint = 'Free some space, then play again';
      throw new AppError('DISK_FULL', 'The disk is full but for a small reserve', { hint });
    }
    this.#checkedMs = performance.now();
  }
}
