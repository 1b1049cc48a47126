// Peers of the internet reach us where the router lets them in. Whether it does is said once; nothing waits for it.
import { Worker } from 'node:worker_threads';

const ENTRY = new URL('./port-mapping-worker.ts', import.meta.url);
/** The router forgets by itself what it is not told in time. */
const CLOSE_LIMIT_MS = 400;

export interface PortMappingOptions {
  ports: readonly { port: number; protocol: 'TCP' | 'UDP' }[];
  log: (line: string) => void;
}

export class PortMapping implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #gone: Promise<unknown>;
  readonly #log: (line: string) => void;
  #said = '';

  constructor({ ports, log }: PortMappingOptions) {
    this.#log = log;
    this.#worker = new Worker(ENTRY, { workerData: ports });
    this.#gone = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.unref();
    this.#worker.on('message', (way: unknown) => {
      this.#say(typeof way === 'string' ? `the router lets peers in (${way})` : 'no router lets peers in');
    });
    this.#worker.on('error', (error: unknown) => this.#say(`no router lets peers in: ${String(error)}`));
  }

  /** Takes the mappings back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#worker.postMessage('close', []);
    const limit = setTimeout(() => void this.#worker.terminate(), CLOSE_LIMIT_MS);
    await this.#gone;
    clearTimeout(limit);
  }

  #say(line: string): void {
    if (line !== this.#said) this.#log(line);
    this.#said = line;
  }
}
