// The directory of the torrents of one server: `raffi-torrents`, or a numbered sibling while another server has locked it.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LockDirectory } from '../../../base/directory-lock.ts';

/** Maximal number of servers that share a directory for temporary files. */
const MOST_NEIGHBOURS = 16;

export class TorrentDirectory {
  readonly path: string;
  readonly #lock: Disposable;

  /** @throws the error of the file system, or when every directory is locked */
  constructor(parent: string, lock: LockDirectory) {
    for (let number = 1; ; number += 1) {
      const path = directoryOf(parent, number);
      mkdirSync(path, { recursive: true, mode: 0o700 });
      const locked = attempt(lock, path);
      if (!locked && number < MOST_NEIGHBOURS) continue;
      if (!locked) throw new Error(`no directory for torrents is free in ${parent}`);
      this.path = path;
      this.#lock = locked;
      break;
    }
    this.#removeDeadNeighbours(parent, lock);
  }

  close({ keep }: { keep: boolean }): void {
    this.#lock[Symbol.dispose]();
    if (!keep) rmSync(this.path, { recursive: true, force: true });
  }

  /** Removes the directories of killed servers: no server would use them again. */
  #removeDeadNeighbours(parent: string, lock: LockDirectory): void {
    for (let number = 2; number <= MOST_NEIGHBOURS; number += 1) {
      const path = directoryOf(parent, number);
      const locked = path === this.path || !existsSync(path) ? undefined : attempt(lock, path);
      if (!locked) continue;
      locked[Symbol.dispose]();
      rmSync(path, { recursive: true, force: true });
    }
  }
}

function directoryOf(parent: string, number: number): string {
  return join(parent, number === 1 ? 'raffi-torrents' : `raffi-torrents-${number}`);
}

/** Returns undefined when a running server holds the lock. */
function attempt(lock: LockDirectory, path: string): Disposable | undefined {
  try {
    return lock(path);
  } catch {
    return undefined;
  }
}
