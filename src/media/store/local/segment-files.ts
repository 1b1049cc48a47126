// The files of finished segments: appear by a rename, go in the background. None is written anew before its removal is done.
import { statSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { moveInto } from './draft-files.ts';

export class SegmentFiles {
  readonly #root: string;
  /** Removals under way, by name. */
  readonly #leaving = new Map<string, Promise<void>>();
  /** Names under which a file is about to appear: the file that was there is replaced, not removed. */
  readonly #appearing = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  path(name: string): string {
    return join(this.#root, name);
  }

  isAppearing(name: string): boolean {
    return this.#appearing.has(name);
  }

  /** Whether the file is there, with this size. */
  isWhole(name: string, sizeBytes: number): boolean {
    try {
      // The system keeps what it knows of such files in memory: a call on a thread takes many times longer.
      return statSync(this.path(name), { throwIfNoEntry: false })?.size === sizeBytes;
    } catch {
      return false;
    }
  }

  /** Makes the draft the file; `then` runs before anybody may remove it. @throws AppError DISK_FULL */
  async replace(name: string, draft: string, then: () => void): Promise<void> {
    this.#appearing.add(name);
    try {
      await this.#leaving.get(name);
      await moveInto(this.path(name), draft);
      then();
    } finally {
      this.#appearing.delete(name);
    }
  }

  /** Removes the file, and its directories when they are empty then. */
  remove(name: string): void {
    const path = this.path(name);
    const removal = rm(path, { force: true })
      .then(() => rmdir(dirname(path)))
      .then(() => rmdir(dirname(dirname(path))))
      // Directories that still hold something stay.
      .catch(() => {})
      .finally(() => this.#leaving.delete(name));
    this.#leaving.set(name, removal);
  }

  /** Resolves when all removals are done. */
  async settled(): Promise<void> {
    await Promise.all(this.#leaving.values());
  }
}
