// Peers of the internet reach us where the router lets them in. Whether it does is said once; nothing waits for it.
import { Worker } from 'node:worker_threads';

const ENTRY = new URL('./port-mapping-worker.ts', import.meta.url);
/** The router forgets by itself what it is not told in time. */
const CLOSE_LIMIT_MS = 400;
/** Another router may be there by then. */
const AGAIN_MS = 60 * 60_000;

export interface PortMappingOptions {
  ports: readonly { port: number; protocol: 'TCP' | 'UDP' }[];
  log: (line: string) => void;
}

/** The thread lives as long as there are mappings to renew and to take back. */
export class PortMapping implements AsyncDisposable {
  readonly #options: PortMappingOptions;
  #worker: Worker | undefined;
  #again: NodeJS.Timeout | undefined;
  #isClosed = false;
  #said = '';

  constructor(options: PortMappingOptions) {
    this.#options = options;
    this.#ask();
  }

  /** Takes the mappings back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#again);
    const worker = this.#worker;
    if (!worker) return;
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('close', []);
    const limit = setTimeout(() => void worker.terminate(), CLOSE_LIMIT_MS);
    await gone;
    clearTimeout(limit);
  }

  #ask(): void {
    const worker = new Worker(ENTRY, { workerData: this.#options.ports });
    this.#worker = worker;
    worker.unref();
    worker.on('message', (way: unknown) => {
      this.#say(typeof way === 'string' ? `the router lets peers in (${way})` : 'no router lets peers in');
    });
    worker.on('error', (error: unknown) => this.#say(`no router lets peers in: ${String(error)}`));
    worker.once('exit', () => {
      this.#worker = undefined;
      if (!this.#isClosed) this.#again = setTimeout(() => this.#ask(), AGAIN_MS).unref();
    });
  }

  #say(line: string): void {
    if (line !== this.#said) this.#options.log(line);
    this.#said = line;
  }
}
