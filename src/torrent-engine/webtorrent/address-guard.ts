// The URLs of trackers and web seeds are untrusted. Addresses from look-ups and redirects are checked before a connection is made.
import dns, { type LookupAddress, type LookupAllOptions } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { isAllowedAddress, type AddressRules } from '../protocol/allowed-addresses.ts';
import { guardFetch } from './guarded-fetch.ts';

type LookupDone = (error: Error | null, found?: string | LookupAddress[], family?: number) => void;

/** For the whole process, to be called before the first connection. Addresses of peers are checked where peers are added. */
export function guardConnections(rules: AddressRules): void {
  guardFetch((host) => isIP(host) === 0 || isAllowedAddress(host, rules));
  if (rules.privatePeers) return;
  // Modules of Node look names up with the value of `dns.lookup` at the time of the call.
  Reflect.set(dns, 'lookup', guardedLookup(rules));
  for (const { Agent } of [http, https]) {
    const connect: unknown = Reflect.get(Agent.prototype, 'createConnection');
    if (typeof connect !== 'function') throw new TypeError('agents do not connect as they did');
    Reflect.set(Agent.prototype, 'createConnection', function guarded(this: unknown, ...args: unknown[]): unknown {
      const host: unknown = typeof args[0] === 'object' && args[0] !== null ? Reflect.get(args[0], 'host') : undefined;
      if (typeof host === 'string' && isIP(host) !== 0 && !isAllowedAddress(host, rules)) throw refused(host);
      const socket: unknown = Reflect.apply(connect, this, args);
      return socket;
    });
  }
}

function guardedLookup(rules: AddressRules) {
  const { lookup } = dns;
  return (name: string, given: unknown, callback?: LookupDone): void => {
    const done: unknown = callback ?? given;
    if (!isDone(done)) throw new TypeError('a look-up needs a callback');
    const options = optionsOf(given);
    lookup(name, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error);
      // A literal address is a listen address of this server, or has been checked.
      const allowed =
        isIP(name) === 0 ? addresses.filter(({ address }) => isAllowedAddress(address, rules)) : addresses;
      const [first] = allowed;
      if (!first) return done(refused(name));
      if (options.isForAll) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}

function optionsOf(given: unknown): Partial<LookupAllOptions> & { isForAll: boolean } {
  if (given === 4 || given === 6) return { family: given, isForAll: false };
  if (typeof given !== 'object' || given === null) return { isForAll: false };
  const family: unknown = Reflect.get(given, 'family');
  const hints: unknown = Reflect.get(given, 'hints');
  return {
    ...(family === 4 || family === 6 ? { family } : {}),
    ...(typeof hints === 'number' ? { hints } : {}),
    isForAll: Reflect.get(given, 'all') === true,
  };
}

function isDone(value: unknown): value is LookupDone {
  return typeof value === 'function';
}

function refused(host: string): Error {
  return new Error(`${host} is an address of this machine or its network`);
}
