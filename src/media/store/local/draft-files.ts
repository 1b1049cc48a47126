// File operations for drafts, the files of segments that are being written. A full disk becomes DISK_FULL.
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../../../base/app-error.ts';
import { hasErrno } from '../../../base/errno.ts';

const MOVES = 5;

/** Renames the draft to `path`. Until then, the eviction of other segments may remove the empty directory at any time. @throws AppError DISK_FULL */
export async function moveInto(path: string, draft: string): Promise<void> {
  for (let attempt = 1; attempt < MOVES; attempt += 1) {
    try {
      return await rename(draft, path);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) translate(error);
      await ensureDirectory(dirname(path));
    }
  }
  await rename(draft, path).catch(translate);
}

/** Creates the directory unless it exists. @throws AppError DISK_FULL */
export async function ensureDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch(translate);
}

/** The size in bytes. @throws AppError INTERNAL when the file is missing */
export async function sizeOfDraft(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw new AppError('INTERNAL', 'A media worker said that a segment was done, but there is none', { cause: error });
  }
}

/** Removes the files in the directory whose names start with `prefix`. */
export async function removeStartingWith(directory: string, prefix: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  await Promise.all(
    names.filter((name) => name.startsWith(prefix)).map((name) => rm(join(directory, name), { force: true })),
  );
}

function translate(error: unknown): never {
  if (!hasErrno(error, 'ENOSPC', 'EDQUOT')) throw error;
  throw new AppError('DISK_FULL', 'The disk is full', { cause: error });
}
