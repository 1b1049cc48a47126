// Inspects a local path before it is opened: opening a pipe blocks, and devices never end.
import type { BigIntStats } from 'node:fs';
import { access, constants, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import { hasErrno } from '../../base/errno.ts';

import { AppError } from '../../base/app-error.ts';

/** Directories whose files are interfaces of the kernel: for example, the environment of another process is such a file. */
const KERNEL_DIRECTORIES = ['/proc', '/sys'];

/**
 * Checks that `path` (absolute) is a regular, readable file; inside one of `roots` when given.
 * @throws AppError SOURCE_NOT_FOUND, SOURCE_UNUSABLE, SOURCE_FORBIDDEN
 */
export async function inspectFile(path: string, roots?: readonly string[]): Promise<BigIntStats> {
  if (!isAbsolute(path)) throw notFound();
  try {
    const real = await realpath(path);
    if (KERNEL_DIRECTORIES.some((directory) => isInside(directory, real))) throw unusable('This is not a media file');
    if (roots !== undefined) await assertInside(roots, real);
    const stats = await stat(real, { bigint: true });
    assertRegular(stats);
    await access(real, constants.R_OK);
    return stats;
  } catch (error) {
    throw fileError(error);
  }
}

/** @throws AppError SOURCE_UNUSABLE unless `stats` are those of a regular file */
export function assertRegular(stats: BigIntStats): void {
  if (stats.isFile()) return;
  if (stats.isDirectory()) throw unusable('The path is a directory, not a file');
  if (stats.isFIFO()) throw unusable('The path is a pipe, not a file');
  if (stats.isSocket()) throw unusable('The path is a socket, not a file');
  throw unusable('The path is a device, not a file');
}

/** The AppError for an error of the file system. */
export function fileError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return notFound(error);
  if (hasErrno(error, 'EACCES', 'EPERM')) {
    return new AppError('SOURCE_FORBIDDEN', 'There is no permission to read the file', { cause: error });
  }
  if (hasErrno(error, 'ENAMETOOLONG', 'ELOOP')) {
    return new AppError('SOURCE_UNUSABLE', 'The path cannot be followed', { cause: error });
  }
  if (hasErrno(error, 'EISDIR')) return unusable('The path is a directory, not a file');
  return new AppError('SOURCE_FAILED', 'The file could not be read', { cause: error });
}

async function assertInside(roots: readonly string[], real: string): Promise<void> {
  for (const root of roots) {
    const realRoot = await realpath(root).catch(() => undefined);
    if (realRoot !== undefined && isInside(realRoot, real)) return;
  }
  throw new AppError('SOURCE_FORBIDDEN', 'The file is outside the media directories');
}

function isInside(directory: string, path: string): boolean {
  const rest = relative(directory, path);
  return !isAbsolute(rest) && rest !== '..' && !/^\.\.[\\/]/.test(rest);
}

function notFound(cause?: unknown): AppError {
  return new AppError('SOURCE_NOT_FOUND', 'The file does not exist', { cause });
}

function unusable(sentence: string): AppError {
  return new AppError('SOURCE_UNUSABLE', sentence);
}
