// Where sources may be read from. A name is judged by the addresses it leads to, at the moment of connecting.
import type { Requester } from '../../port/source-request.ts';
import { networkInterfaces } from 'node:os';

import { LRUCache } from 'lru-cache';

import { AppError } from '../../../base/app-error.ts';
import { ipKind, plainIp, type IpKind } from '../../../base/ip-address.ts';
import { placeOf, type AddressRules, type Place } from './http-client.ts';

/**
 * Addresses of this machine and of the home network: `allow` them all, `deny` them all, or `auto`: those that the owner's
 * own source names, and those that such a server itself redirects to; not what a file says, nor a server of the internet.
 */
export type PrivateSources = 'auto' | 'allow' | 'deny';

export interface AddressPolicyOptions {
  privateSources: PrivateSources;
  /** Ports of this server: reading ourselves would never end. */
  ownPorts(): readonly number[];
}

const NAMED = 'is not open to sources';
const HINT = 'RAFFI_PRIVATE_SOURCES=allow opens the home network to every source.';

/** Longer than a session tries again; short enough for a laptop that comes home, where the same name leads to its own network. */
const REMEMBERED_MS = 600_000;

export class AddressPolicy {
  readonly #options: AddressPolicyOptions;
  /** Places that led to the internet of late, whichever source asked. */
  readonly #outside = new LRUCache<string, true>({ max: 1000, ttl: REMEMBERED_MS });

  constructor(options: AddressPolicyOptions) {
    this.#options = options;
  }

  /** The rules for one source, whose address is `home`; undefined: what it is read from was named by nobody who may. */
  rulesFor(home: URL | undefined, requester: Requester): AddressRules {
    return new SourceRules({ ...this.#options, home, requester, outside: this.#outside });
  }

  /** What can be said of an address without asking the network: a name passes. @throws AppError SOURCE_FORBIDDEN */
  assertPossible(home: URL, requester: Requester): void {
    const place = placeOf(home);
    if (plainIp(place.hostname) !== undefined) this.rulesFor(home, requester).check(place.hostname, place);
  }
}

interface SourceRulesOptions extends AddressPolicyOptions {
  home: URL | undefined;
  requester: Requester;
  /** Added to. */
  outside: LRUCache<string, true>;
}

class SourceRules implements AddressRules {
  readonly #options: SourceRulesOptions;
  /** Places inside the home network that this source may be read from. */
  readonly #named: Set<string>;
  readonly #kinds = new Map<string, IpKind>();

  constructor(options: SourceRulesOptions) {
    this.#options = options;
    this.#named = new Set(options.home === undefined ? [] : [keyOf(placeOf(options.home))]);
  }

  check(ip: string, place: Place): void {
    const kind = ipKind(ip) ?? 'special';
    if (kind === 'special') throw refused(`The address ${ip} ${NAMED}`);
    if (this.#options.ownPorts().includes(place.port) && isOwnAddress(ip, kind)) {
      throw refused('This server cannot be its own source');
    }
    if (kind === 'public') this.#options.outside.set(keyOf(place), true);
    else this.#checkPrivate(place);
    this.#kinds.set(keyOf(place), kind);
  }

  redirected(from: Place, to: Place): void {
    const kind = this.#kinds.get(keyOf(from));
    // A server of the home network knows its neighbours; one of the internet has no business there.
    if (kind === 'loopback' || kind === 'private') this.#named.add(keyOf(to));
  }

  #checkPrivate(place: Place): void {
    const { privateSources, requester, outside } = this.#options;
    if (privateSources === 'allow') return;
    if (privateSources === 'deny' || requester === 'network') {
      throw refused('Addresses of this machine and of its network are not open to sources', HINT);
    }
    // A name that led to the internet and now leads here was turned around on purpose.
    if (this.#named.has(keyOf(place)) && !outside.has(keyOf(place))) return;
    throw refused(
      `The source leads to ${place.hostname}:${place.port} in the home network, which it was not asked for`,
      HINT,
    );
  }
}

function keyOf({ hostname, port }: Place): string {
  return `${hostname} ${port}`;
}

function isOwnAddress(ip: string, kind: IpKind): boolean {
  if (kind === 'loopback') return true;
  const plain = plainIp(ip);
  return Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => plainIp(address) === plain));
}

function refused(sentence: string, hint?: string): AppError {
  return new AppError('SOURCE_FORBIDDEN', sentence, hint === undefined ? {} : { hint });
}
