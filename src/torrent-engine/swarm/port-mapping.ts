// Maps the ports of this client at the router, so that peers of the internet can connect. The result is logged when it changes; nothing waits for it.
import { Worker } from 'node:worker_threads';
import { entryModule } from '../../base/entry-modules.ts';

const ENTRY = entryModule('torrent-engine/swarm/port-mapping-worker.ts');
/** A mapping that is not removed in time expires at the router. */
const CLOSE_LIMIT_MS = 400;
/** By then the machine may be behind another router. */
const AGAIN_MS = 60 * 60_000;

export interface PortMappingOptions {
  ports: readonly { port: number; protocol: 'TCP' | 'UDP' }[];
  log: (line: string) => void;
}

/** The thread lives while there are mappings to renew and to remove. */
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

  /** Removes the mappings. */
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
