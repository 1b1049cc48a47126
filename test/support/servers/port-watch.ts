// Detects a UDP port that a process on this machine opens. Linux lists them all.
import { existsSync, readFileSync } from 'node:fs';

const LISTS = ['/proc/net/udp', '/proc/net/udp6'];
const LOOK_MS = 20;

export class PortWatch implements Disposable {
  readonly #local: string;
  readonly #timer: NodeJS.Timeout;
  wasOpened = false;

  constructor(port: number) {
    this.#local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    for (const list of LISTS.filter((path) => existsSync(path))) {
      const locals = readFileSync(list, 'latin1')
        .split('\n')
        .map((line) => line.trim().split(/\s+/u)[1] ?? '');
      this.wasOpened ||= locals.some((local) => local.endsWith(this.#local));
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
