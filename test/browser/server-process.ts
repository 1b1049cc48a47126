// The server as its users start it: a process of its own, with directories of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export class ServerProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(url: string, child: ChildProcess, directory: string) {
    this.url = url;
    this.#child = child;
    this.#directory = directory;
  }

  /** @param environment settings beyond an address and directories */
  static async start(environment: Record<string, string>): Promise<ServerProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'raffi-browser-'));
    const own = {
      RAFFI_SERVER_ADDR: '127.0.0.1:0',
      RAFFI_DATA_DIR: join(directory, 'data'),
      RAFFI_TMP_DIR: join(directory, 'tmp'),
    };
    const child = spawn(process.execPath, [ENTRY], {
      env: { ...process.env, ...own, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new ServerProcess(await listeningUrl(child), child, directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** @throws Error when it ends without listening */
function listeningUrl(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-10_000);
    const url = /listening on (http:\/\/\S+)\n/u.exec(text)?.[1];
    if (url !== undefined) resolve(url);
  });
  child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${text}`)));
  return promise;
}
