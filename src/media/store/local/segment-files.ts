// The files of finished segments: created by a rename, removed in the background. A file is not replaced before its removal has finished.
import { statSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { moveInto } from './draft-files.ts';

export class SegmentFiles {
  readonly #root: string;
  /** Pending removals, by name. */
  readonly #removals = new Map<string, Promise<void>>();
  /** Names whose file is about to be created: an old file of that name is replaced, not removed. */
  readonly #replacing = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  path(name: string): string {
    return join(this.#root, name);
  }

  isBeingReplaced(name: string): boolean {
    return this.#replacing.has(name);
  }

  /** Whether the file exists with this size. */
  isIntact(name: string, sizeBytes: number): boolean {
    try {
      // The kernel holds this metadata in memory, so a synchronous call is many times faster than one on a thread.
      return statSync(this.path(name), { throwIfNoEntry: false })?.size === sizeBytes;
    } catch {
      return false;
    }
  }

  /** Renames the draft to the file; `then` runs before the file can be removed. @throws AppError DISK_FULL */
  async replace(name: string, draft: string, then: () => void): Promise<void> {
    this.#replacing.add(name);
    try {
      await this.#removals.get(name);
      await moveInto(this.path(name), draft);
      then();
    } finally {
      this.#replacing.delete(name);
    }
  }

  /** Removes the file, then its directories if they are empty. */
  remove(name: string): void {
    const path = this.path(name);
    const removal = rm(path, { force: true })
      .then(() => rmdir(dirname(path)))
      .then(() => rmdir(dirname(dirname(path))))
      // A directory that still holds files stays.
      .catch(() => {})
      .finally(() => this.#removals.delete(name));
    this.#removals.set(name, removal);
  }

  /** Resolves when all removals are done. */
  async settled(): Promise<void> {
    await Promise.all(this.#removals.values());
  }
}
