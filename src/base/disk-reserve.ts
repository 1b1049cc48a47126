// The last free space of a disk belongs to others: what is written by the gigabyte stops before it.
import { statfs } from 'node:fs/promises';

/** The reserve of a small disk, as a share of it. */
const MOST_RESERVED = 0.1;

/** Whether the disk of a directory has less free than `reserveBytes`, or than a tenth of it if that is less. One that cannot be asked sets no limit. */
export async function isReserveReached(directory: string, reserveBytes: number): Promise<boolean> {
  const disk = await statfs(directory).catch(() => undefined);
  return disk !== undefined && disk.bavail < Math.min(reserveBytes / disk.bsize, disk.blocks * MOST_RESERVED);
}
