// Discovery of devices in the network by mDNS. The first request for devices starts it; it stops after a time without requests.
import { EventEmitter } from 'node:events';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Bonjour, type Browser, type Service } from 'bonjour-service';

import { ipKind } from '../base/ip-address.ts';
import type { Logger } from '../base/logger.ts';
import { deviceId, type CastDevice } from './cast-device.ts';

export interface DeviceSearchOptions {
  /** Address of the interface to search on; undefined: all interfaces. */
  interface?: string | undefined;
  /** Default: the port of mDNS. */
  port?: number;
  log: Logger;
}

/** How long the first request waits for answers from the network. */
const FIRST_ANSWERS_MS = 1_500;
const IDLE_MS = 5 * 60_000;
const QUERY_INTERVAL_MS = 10_000;
/** More devices in one network are assumed to be forged. */
const MAX_DEVICES = 200;

interface Search {
  bonjour: Bonjour;
  browser: Browser;
  startedAtMs: number;
  queriedAtMs: number;
}

/** Owns a socket while the search runs. */
export class DeviceSearch implements Disposable {
  readonly #options: DeviceSearchOptions;
  #search: Search | undefined;
  #idle: NodeJS.Timeout | undefined;
  #hasFailed = false;

  constructor(options: DeviceSearchOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#search !== undefined;
  }

  /** The devices known now; the first call waits for answers. Empty when the search fails on this machine. */
  async devices(signal: AbortSignal): Promise<CastDevice[]> {
    const search = this.#running();
    if (search === undefined) return [];
    const waitMs = search.startedAtMs + FIRST_ANSWERS_MS - performance.now();
    if (waitMs > 0) await delay(waitMs, undefined, { signal });
    search.browser.expire();
    return search.browser.services.map(deviceOf).filter((each) => each !== undefined);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#idle);
    this.#search?.browser.stop();
    this.#search?.bonjour.destroy();
    this.#search = undefined;
  }

  #running(): Search | undefined {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this[Symbol.dispose](), IDLE_MS).unref();
    try {
      this.#search ??= this.#start();
      this.#queryAgain(this.#search);
    } catch (err) {
      this.#failed(err);
    }
    return this.#search;
  }

  #start(): Search {
    const { interface: address, port } = this.#options;
    // A socket bound to one address does not receive multicast.
    const binding = address === undefined ? {} : { interface: address, bind: '0.0.0.0' };
    const options = { ...binding, ...(port === undefined ? {} : { port }) };
    const bonjour = new Bonjour(options, (error: unknown) => this.#failed(error));
    const browser = bonjour.find({ type: 'googlecast' });
    // The library does not listen to errors of its socket, and an `error` event without a listener ends the process.
    const socket: unknown = Reflect.get(browser, 'mdns');
    if (socket instanceof EventEmitter) socket.on('error', (error: unknown) => this.#failed(error));
    browser.on('up', () => browser.services.length >= MAX_DEVICES && browser.stop());
    const now = performance.now();
    return { bonjour, browser, startedAtMs: now, queriedAtMs: now };
  }

  #queryAgain(search: Search): void {
    const now = performance.now();
    if (now - search.queriedAtMs < QUERY_INTERVAL_MS) return;
    search.queriedAtMs = now;
    search.browser.update();
  }

  #failed(err: unknown): void {
    if (!this.#hasFailed) this.#options.log.warn({ err }, 'searching for cast devices failed');
    this.#hasFailed = true;
    // Not inside the event of the search, which is still running.
    setImmediate(() => this[Symbol.dispose]());
  }
}

/** The device that a service announces; undefined for other services, and for services without an allowed address. */
export function deviceOf(service: Service): CastDevice | undefined {
  const host = (service.addresses ?? []).filter((address) => isAllowed(address, service)).toSorted(byFamily)[0];
  const texts: unknown = service.txt;
  const txt = new Map<string, unknown>(typeof texts === 'object' && texts !== null ? Object.entries(texts) : []);
  const id = deviceId(textOf(txt.get('id')) || service.name);
  if (host === undefined || id === '' || !(service.port > 0 && service.port < 65_536)) return undefined;
  const name = textOf(txt.get('fn')) || service.name;
  return { id, name: name.slice(0, 200), model: textOf(txt.get('md')).slice(0, 200), host, port: service.port };
}

/** Allowed: private addresses, the sender of the announcement, and addresses of this machine in its own announcements. */
function isAllowed(address: string, { referer }: Service): boolean {
  if (isIP(address) === 0 || referer === undefined) return false;
  if (ipKind(address) === 'private' || address === referer.address) return true;
  const own = Object.values(networkInterfaces()).flatMap((each = []) => each.map((entry) => entry.address));
  return own.includes(referer.address) && own.includes(address);
}

/** IPv4 first: link-local IPv6 needs a zone, which mDNS does not state. */
function byFamily(left: string, right: string): number {
  return isIP(left) - isIP(right);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
