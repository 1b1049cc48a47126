// Decides which addresses sources may be read from. A host name is judged by the addresses it resolves to, when the connection is made.
import type { Requester } from '../../port/source-request.ts';
import { networkInterfaces } from 'node:os';

import { LRUCache } from 'lru-cache';

import { AppError } from '../../../base/app-error.ts';
import { ipKind, plainIp, type IpKind } from '../../../base/ip-address.ts';
import { placeOf, type AddressRules, type Place } from './http-client.ts';

/**
 * Addresses of this machine and of the home network: `allow` all, `deny` all, or `auto`: allow those that the source of the
 * owner names, and those that such a server redirects to; not those named in a file or by a server of the internet.
 */
export type PrivateSources = 'auto' | 'allow' | 'deny';

export interface AddressPolicyOptions {
  privateSources: PrivateSources;
  /** Ports of this server, which must not read from itself: that would never end. */
  ownPorts(): readonly number[];
}

const NAMED = 'is not open to sources';
const HINT = 'RAFFI_PRIVATE_SOURCES=allow opens the home network to every source';

/** Longer than the retries of a session; short enough for a laptop that comes home, where the same name resolves to the home network. */
const REMEMBERED_MS = 600_000;

export class AddressPolicy {
  readonly #options: AddressPolicyOptions;
  /** Hosts and ports that recently resolved to the internet, for any source. */
  readonly #outside = new LRUCache<string, true>({ max: 1000, ttl: REMEMBERED_MS });

  constructor(options: AddressPolicyOptions) {
    this.#options = options;
  }

  /** The rules for one source with the address `home`; undefined: the owner did not name the address. */
  rulesFor(home: URL | undefined, requester: Requester): AddressRules {
    return new SourceRules({ ...this.#options, home, requester, outside: this.#outside });
  }

  /** Checks an address without a look-up: a host name passes. @throws AppError SOURCE_FORBIDDEN */
  assertPossible(home: URL, requester: Requester): void {
    const place = placeOf(home);
    if (plainIp(place.hostname) !== undefined) this.rulesFor(home, requester).check(place.hostname, place);
  }
}

interface SourceRulesOptions extends AddressPolicyOptions {
  home: URL | undefined;
  requester: Requester;
  /** The rules add to it. */
  outside: LRUCache<string, true>;
}

class SourceRules implements AddressRules {
  readonly #options: SourceRulesOptions;
  /** Hosts and ports inside the home network that this source may be read from. */
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
    // A server of the home network may redirect to its neighbours; a server of the internet may not redirect into the home network.
    if (kind === 'loopback' || kind === 'private') this.#named.add(keyOf(to));
  }

  #checkPrivate(place: Place): void {
    const { privateSources, requester, outside } = this.#options;
    if (privateSources === 'allow') return;
    if (privateSources === 'deny' || requester === 'network') {
      throw refused('Addresses of this machine and of its network are not open to sources', HINT);
    }
    // A name that resolved to the internet and now resolves to the home network is a DNS rebinding attack.
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
