// The reserve of free space on a disk, which is left to other programs: large writers stop before it.
import { statfs } from 'node:fs/promises';

/** Maximal reserve, as a share of the disk. */
const MOST_RESERVED = 0.1;

/** Whether the disk of a directory has less free space than `reserveBytes`, or than a tenth of the disk if that is less; false if unknown. */
export async function isReserveReached(directory: string, reserveBytes: number): Promise<boolean> {
  const disk = await statfs(directory).catch(() => undefined);
  return disk !== undefined && disk.bavail < Math.min(reserveBytes / disk.bsize, disk.blocks * MOST_RESERVED);
}
