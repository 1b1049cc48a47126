// The identity of a file, which shows whether a path still names the same unmodified file. Plain values, because they are sent to other processes.
import type { BigIntStats } from 'node:fs';

export interface FileIdentity {
  sizeBytes: number;
  /** Nanoseconds since 1970, in decimal digits. */
  mtimeNs: string;
  /** `device:inode`. */
  inode: string;
}

export function fileIdentity({ size, mtimeNs, dev, ino }: BigIntStats): FileIdentity {
  return { sizeBytes: Number(size), mtimeNs: String(mtimeNs), inode: `${dev}:${ino}` };
}

export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return one.sizeBytes === other.sizeBytes && one.mtimeNs === other.mtimeNs && one.inode === other.inode;
}
