// Looking for devices in the network by mDNS: begun by the first question, ended when nobody asks any more.
import { EventEmitter } from 'node:events';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Bonjour, type Browser, type Service } from 'bonjour-service';

import { ipKind } from '../base/ip-address.ts';
import type { Logger } from '../base/logger.ts';
import { deviceId, type CastDevice } from './cast-device.ts';

export interface DeviceSearchOptions {
  /** Address of the interface to look on; undefined: all of them. */
  interface?: string | undefined;
  /** Default: that of mDNS. */
  port?: number;
  log: Logger;
}

/** How long the first question waits for answers. */
const FIRST_ANSWERS_MS = 1_500;
const IDLE_MS = 5 * 60_000;
const ASK_AGAIN_MS = 10_000;
/** A network with more has somebody in it who makes them up. */
const MAX_DEVICES = 200;

interface Search {
  bonjour: Bonjour;
  browser: Browser;
  startedAtMs: number;
  askedAtMs: number;
}

/** Owns a socket while it looks. */
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

  /** What is there now; the first time it waits a little. A machine that cannot look has none. */
  async devices(signal: AbortSignal): Promise<CastDevice[]> {
    const search = this.#running();
    if (search === undefined) return [];
    const acceptableMs = search.startedAtMs + FIRST_ANSWERS_MS - performance.now();
    if (acceptableMs > 0) await delay(acceptableMs, undefined, { signal });
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
      this.#askAgain(this.#search);
    } catch (err) {
      this.#failed(err);
    }
    return this.#search;
  }

  #start(): Search {
    const { interface: address, port } = this.#options;
    // A socket bound to one address hears nothing that was sent to a group.
    const place = address === undefined ? {} : { interface: address, bind: '0.0.0.0' };
    const places = { ...place, ...(port === undefined ? {} : { port }) };
    const bonjour = new Bonjour(places, (error: unknown) => this.#failed(error));
    const browser = bonjour.find({ type: 'googlecast' });
    // Nothing else listens to the errors of its socket, and an error nobody listens to ends a process.
    const socket: unknown = Reflect.get(browser, 'mdns');
    if (socket instanceof EventEmitter) socket.on('error', (error: unknown) => this.#failed(error));
    browser.on('up', () => browser.services.length >= MAX_DEVICES && browser.stop());
    const now = performance.now();
    return { bonjour, browser, startedAtMs: now, askedAtMs: now };
  }

  #askAgain(search: Search): void {
    const now = performance.now();
    if (now - search.askedAtMs < ASK_AGAIN_MS) return;
    search.askedAtMs = now;
    search.browser.update();
  }

  #failed(err: unknown): void {
    if (!this.#hasFailed) this.#options.log.warn({ err }, 'no cast devices can be looked for in this network');
    this.#hasFailed = true;
    // Not from within its own event: it is still at work then.
    setImmediate(() => this[Symbol.dispose]());
  }
}

/** The device a service is; undefined when it is none, or leads to somewhere it must not. */
export function deviceOf(service: Service): CastDevice | undefined {
  const host = (service.addresses ?? []).filter((address) => isFair(address, service)).toSorted(byFamily)[0];
  const texts: unknown = service.txt;
  const txt = new Map<string, unknown>(typeof texts === 'object' && texts !== null ? Object.entries(texts) : []);
  const id = deviceId(textOf(txt.get('id')) || service.name);
  if (host === undefined || id === '' || !(service.port > 0 && service.port < 65_536)) return undefined;
  const name = textOf(txt.get('fn')) || service.name;
  return { id, name: name.slice(0, 200), model: textOf(txt.get('md')).slice(0, 200), host, port: service.port };
}

/** In the home network, or where the announcement came from; what this machine announces may be on this machine. */
function isFair(address: string, { referer }: Service): boolean {
  if (isIP(address) === 0 || referer === undefined) return false;
  if (ipKind(address) === 'private' || address === referer.address) return true;
  const own = Object.values(networkInterfaces()).flatMap((each = []) => each.map((place) => place.address));
  return own.includes(referer.address) && own.includes(address);
}

/** IPv4 first: link-local IPv6 needs a zone that mDNS does not tell. */
function byFamily(left: string, right: string): number {
  return isIP(left) - isIP(right);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
