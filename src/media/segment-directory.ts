// What an earlier run left in the cache directory: finds the segments that can be used again, removes the unfinished ones.
import type { Stats } from 'node:fs';
import { type FileHandle, readdir, rm, stat } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { isDigest, segmentNumber } from './segment-path.ts';

/** Where unfinished segments are written, below the root. */
export const DRAFTS = 'drafts';

export interface FoundSegment {
  /** Path below the root. */
  name: string;
  /** Path of its rendition below the root. */
  rendition: string;
  number: number;
  sizeBytes: number;
  modifiedMs: number;
}

/**
 * Segments below `root`, least recently written first. Removes all drafts, empty segments, and what was written before the machine was
 * started: that may have been renamed without its bytes having reached the disk. Touches no file that is not named like a segment.
 */
export async function findSegments(root: string): Promise<FoundSegment[]> {
  await rm(join(root, DRAFTS), { recursive: true, force: true });
  const bootMs = Date.now() - uptime() * 1000;
  const found: FoundSegment[] = [];
  for (const source of await names(root)) {
    if (!isDigest(source)) continue;
    for (const key of await names(join(root, source))) {
      if (isDigest(key)) found.push(...(await segmentsIn(root, join(source, key), bootMs)));
    }
  }
  return found.toSorted((a, b) => a.modifiedMs - b.modifiedMs);
}

/** Whether the file's structure reaches exactly to its end: boxes of ISO BMFF, packets of MPEG-TS. */
export async function isWhole(file: FileHandle, name: string, sizeBytes: number): Promise<boolean> {
  const header = Buffer.alloc(16);
  if (name.endsWith('.ts')) {
    await file.read(header, 0, 1, sizeBytes - 188);
    return sizeBytes > 0 && sizeBytes % 188 === 0 && header[0] === 0x47;
  }
  let position = 0;
  while (position < sizeBytes) {
    const { bytesRead } = await file.read(header, 0, 16, position);
    const short = bytesRead < 8 ? 0 : header.readUInt32BE(0);
    const boxBytes = short === 1 && bytesRead === 16 ? Number(header.readBigUInt64BE(8)) : short;
    if (boxBytes < 8) return false;
    position += boxBytes;
  }
  return position === sizeBytes;
}

async function segmentsIn(root: string, rendition: string, bootMs: number): Promise<FoundSegment[]> {
  const found: FoundSegment[] = [];
  for (const file of await names(join(root, rendition))) {
    const number = segmentNumber(file);
    const name = join(rendition, file);
    const stats = number === undefined ? undefined : await statOf(join(root, name));
    if (number === undefined || !stats?.isFile()) continue;
    if (stats.size === 0 || stats.mtimeMs < bootMs) await rm(join(root, name), { force: true });
    else found.push({ name, rendition, number, sizeBytes: stats.size, modifiedMs: stats.mtimeMs });
  }
  return found;
}

async function names(directory: string): Promise<string[]> {
  return await readdir(directory).catch(() => []);
}

async function statOf(path: string): Promise<Stats | undefined> {
  return await stat(path).catch(() => undefined);
}
