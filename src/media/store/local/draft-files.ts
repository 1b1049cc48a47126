// File operations around a segment that is being written: a full disk is told from other troubles.
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../../../base/app-error.ts';
import { hasErrno } from '../../../base/errno.ts';

const MOVES = 5;

/** Makes the draft appear at `path`. The directory may be removed, as an empty one, at any time before the file is in it. @throws AppError DISK_FULL */
export async function moveInto(path: string, draft: string): Promise<void> {
  for (let attempt = 1; attempt < MOVES; attempt += 1) {
    try {
      return await rename(draft, path);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) translate(error);
      await madeDirectory(dirname(path));
    }
  }
  await rename(draft, path).catch(translate);
}

/** Makes the directory unless it is there. @throws AppError DISK_FULL */
export async function madeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch(translate);
}

/** @throws AppError INTERNAL when there is no such file */
export async function sizeOfDraft(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw new AppError('INTERNAL', 'A media worker said that a segment was done, but there is none', { cause: error });
  }
}

/** Removes what workers left in the directory under names that start so. */
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
