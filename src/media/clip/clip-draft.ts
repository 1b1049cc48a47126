// A clip that is being written: a file with a temporary name in the clips directory, which becomes the clip or is removed.
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { GIB } from '../../base/units.ts';
import { hasErrno } from '../../base/errno.ts';
import { AppError } from '../../base/app-error.ts';
import { isReserveReached } from '../../base/disk-reserve.ts';
import { numberedName } from './clip-name.ts';

const PREFIX = '.raffi-clip-';
const SUFFIX = '.part';
const MAX_NUMBER = 10_000;
/** The free space to keep: clips are never evicted, so they must not fill the disk. */
const RESERVE_BYTES = GIB;
/** A draft without a write for this long was left by a killed server. */
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

  /** Creates the draft, and the directory if it is missing. @throws AppError DISK_FULL, FORBIDDEN */
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

  /** Checks the reserve; to be called before each write. @throws AppError DISK_FULL */
  async assertRoom(): Promise<void> {
    if (!(await isReserveReached(this.#directory, RESERVE_BYTES))) return;
    const hint = 'Free some space, then make the clip again';
    throw new AppError('DISK_FULL', 'The disk is full but for a small reserve', { hint });
  }

  /** Gives the file its name, with a number if the name is taken. Resolves with its path. @throws the signal's reason */
  async publish(name: string, signal: AbortSignal): Promise<string> {
    try {
      // Takes seconds on a slow disk.
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
    throw new AppError('BAD_REQUEST', 'There are too many clips of this name');
  }

  /** Removes the temporary name, and with it an unpublished file. A file that cannot be removed now is removed once it counts as abandoned. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    await rm(this.path, { force: true }).catch(() => undefined);
  }
}

/**
 * Renames without replacing an existing file; false when the name is taken. A link fails for a taken name; on file systems without links, an
 * empty file reserves the name first. After a link the file has both names.
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
  if (hasErrno(error, 'ENOSPC', 'EDQUOT')) return new AppError('DISK_FULL', 'The disk is full', { cause: error });
  const denied = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT'];
  if (hasErrno(error, ...denied))
    return new AppError('FORBIDDEN', 'The directory for clips cannot be written', { cause: error });
  return error;
}
