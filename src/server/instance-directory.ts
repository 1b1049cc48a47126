// The directory of one running server inside `<tmp>/raffi`. A lock that ends with the process shows whether the server is running.
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync, unlinkSync, writeFileSync, type Stats } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrno } from '../base/errno.ts';

import { LOCK_NAME, lockDirectory } from '../state/sqlite/directory-lock.ts';
import { isSameProcess, processStart } from './process-start.ts';

const INSTANCE_NAME = /^server-\d+-[0-9a-f]{12}$/u;
const CHILD_NAME = /^child-(?<pid>\d+)-(?<start>[\w.:-]+)$/u;
/** A directory younger than this may not have its lock yet. */
const YOUNG_MS = 60_000;

export class InstanceDirectory implements Disposable {
  /** Absolute. Also identifies this server among those that share a database. */
  readonly path: string;
  readonly #root: string;
  readonly #lock: Disposable;

  /** Makes `<tmp>/raffi/server-.../` and locks it. */
  constructor(tmpDirectory: string) {
    this.#root = ownRoot(tmpDirectory);
    this.path = join(this.#root, `server-${process.pid}-${randomBytes(6).toString('hex')}`);
    mkdirSync(this.path, { mode: 0o700 });
    this.#lock = lockDirectory(this.path);
  }

  /** Records a child process, so that the next server can end it if this server dies. Call `forget` of the result when the process has ended. */
  recordChild(pid: number): { forget(): void } {
    const file = join(this.path, `child-${pid}-${processStart(pid) ?? 'unknown'}`);
    writeFileSync(file, '');
    return { forget: () => rmSync(file, { force: true }) };
  }

  /** Removes the leftovers of dead servers in the same root, processes first; running servers and all other files stay. */
  async removeDeadNeighbours(): Promise<{ directories: number; processes: number }> {
    let directories = 0;
    let processes = 0;
    for (const name of readdirSync(this.#root)) {
      const path = join(this.#root, name);
      if (!INSTANCE_NAME.test(name) || path === this.path || isAliveInstance(path)) continue;
      processes += endChildren(path);
      await rm(path, { recursive: true, force: true });
      directories += 1;
    }
    return { directories, processes };
  }

  /** May be called more than once. */
  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
    rmSync(this.path, { recursive: true, force: true });
    try {
      rmdirSync(this.#root);
    } catch {
      // Another server uses the root.
    }
  }
}

/** Whether the server of this directory is running. Anything but a directory of a server counts as running, so that it is not removed. */
export function isAliveInstance(path: string): boolean {
  try {
    const directory = lstatSync(path);
    if (!directory.isDirectory()) return true;
    const lock = lstatSync(join(path, LOCK_NAME), { throwIfNoEntry: false });
    if (lock === undefined) return Date.now() - directory.ctimeMs < YOUNG_MS;
    return !lock.isFile() || isLocked(path);
  } catch (error) {
    return !hasErrno(error, 'ENOENT');
  }
}

function isLocked(path: string): boolean {
  try {
    lockDirectory(path)[Symbol.dispose]();
    return false;
  } catch {
    return true;
  }
}

/** Ends the processes of a dead server, identified by id and start time, so that a later process with the same id is safe. */
function endChildren(path: string): number {
  let ended = 0;
  for (const name of readdirSync(path)) {
    const { pid, start } = CHILD_NAME.exec(name)?.groups ?? {};
    if (pid === undefined || start === undefined || !isSameProcess(Number(pid), start)) continue;
    process.kill(Number(pid), 'SIGKILL');
    unlinkSync(join(path, name));
    ended += 1;
  }
  return ended;
}

/** `<tmp>/raffi`; if another user owns it or it is a link, a directory with the id of this user. */
function ownRoot(tmpDirectory: string): string {
  const uid = process.getuid?.();
  for (const name of ['raffi', `raffi-${uid ?? 0}`]) {
    const path = join(tmpDirectory, name);
    const found = lstatSync(path, { throwIfNoEntry: false }) ?? madeDirectory(path);
    if (found.isDirectory() && (uid === undefined || found.uid === uid)) return path;
  }
  throw new Error(`no directory for segments can be made in ${tmpDirectory}`);
}

function madeDirectory(path: string): Stats {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return lstatSync(path);
}
