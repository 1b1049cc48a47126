// Clips of one test file: remuxes of the shared clips, in a directory that goes away with it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../support/clips/ffmpeg.ts';

export class TemporaryClips implements AsyncDisposable {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async create(): Promise<TemporaryClips> {
    return new TemporaryClips(await mkdtemp(join(tmpdir(), 'index-')));
  }

  path(name: string): string {
    return join(this.#directory, name);
  }

  /** Absolute path of the file `name` that ffmpeg makes with these arguments. */
  async make(name: string, ...args: string[]): Promise<string> {
    await run('ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'error', '-n', ...args, this.path(name)]);
    return this.path(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}
