// A clip that is being written: a file under a name of its own in the clips directory, which becomes the clip or goes away.
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrno } from '../../base/errno.ts';
import { AppError } from '../../base/app-error.ts';
import { isReserveReached } from '../../base/disk-reserve.ts';
import { numberedName } from './clip-name.ts';

const PREFIX = '.raffi-clip-';
const SUFFIX = '.part';
const MAX_NUMBER = 10_000;
/** Clips are kept for ever, so they stop before they take the last of a disk. */
const RESERVE_BYTES = 2 ** 30;
/** A draft nobody has written to for so long was left by a server that was killed. */
const ABANDONED_MS = 3_600_000;

export class ClipDraft implements AsyncDisposable {
  readonly path: string;
  readonly #directory: string;
  readonly #file: FileHandle;

  private constructor(directory: string, path: string, file: FileHandle) {
    this.#directory = directory;
    this.path = path;
    this.#file = file;
  }

  /** Makes the directory too. @throws AppError DISK_FULL, FORBIDDEN */
  static async create(directory: string): Promise<ClipDraft> {
    try {
      await mkdir(directory, { recursive: true });
      await removeAbandoned(directory);
      const path = join(directory, `${PREFIX}${randomBytes(9).toString('base64url')}${SUFFIX}`);
      return new ClipDraft(directory, path, await open(path, 'wx'));
    } catch (error) {
      throw translated(error);
    }
  }

  /** @throws AppError DISK_FULL */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, position + at);
        at += bytesWritten;
      }
    } catch (error) {
      throw translated(error);
    }
  }

  /** Before more is written. @throws AppError DISK_FULL */
  async assertRoom(): Promise<void> {
    if (!(await isReserveReached(this.#directory, RESERVE_BYTES))) return;
    const hint = 'Free some space, then make the clip again.';
    throw new AppError('DISK_FULL', 'The disk is full but for a small reserve.', { hint });
  }

  /** Gives the file its name, with a number when there is one of that name already. Resolves with its path. @throws the signal's reason */
  async publish(name: string, signal: AbortSignal): Promise<string> {
    try {
      // Seconds, on a slow disk.
      await this.#file.sync();
      for (let number = 1; number < MAX_NUMBER; number += 1) {
        signal.throwIfAborted();
        const path = join(this.#directory, numberedName(name, number));
        if (!(await nameUnless(this.path, path))) continue;
        if (signal.aborted) await rm(path, { force: true });
        signal.throwIfAborted();
        return path;
      }
    } catch (error) {
      throw translated(error);
    }
    throw new AppError('BAD_REQUEST', 'There are too many clips of this name.');
  }

  /** Removes what was not published, and the name the clip had before. What cannot be removed now is when it counts as abandoned. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    await rm(this.path, { force: true }).catch(() => undefined);
  }
}

/**
 * Never replaces a file: a link fails where there is one. Where there are no links, an empty file is made first to hold the name.
 * The file may keep its first name as well.
 */
async function nameUnless(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    if (!hasErrno(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES', 'EMLINK')) throw error;
  }
  try {
    await (await open(to, 'wx')).close();
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    throw error;
  }
  try {
    await rename(from, to);
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
  return true;
}

async function removeAbandoned(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(PREFIX) || !name.endsWith(SUFFIX)) continue;
    const path = join(directory, name);
    const stats = await stat(path).catch(() => undefined);
    if (stats && Date.now() - stats.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  }
}

function translated(error: unknown): unknown {
  if (hasErrno(error, 'ENOSPC', 'EDQUOT')) return new AppError('DISK_FULL', 'The disk is full.', { cause: error });
  const denied = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT'];
  if (hasErrno(error, ...denied))
    return new AppError('FORBIDDEN', 'The directory for clips cannot be written.', { cause: error });
  return error;
}
