// Restricts the HTTP requests of the library, redirects included: to allowed hosts, and to responses of bounded size.
import { MIB } from '../../base/units.ts';
import { Agent, buildConnector, setGlobalDispatcher } from 'undici';

/** A request to a web seed asks for one piece at most, and pieces have at most 64 MiB. */
const MOST_BYTES = 96 * MIB;
const CONNECT_LIMIT_MS = 10_000;

/** For the whole thread. `isAllowed` gets host names unchanged, and IPv6 addresses without brackets. */
export function guardFetch(isAllowed: (host: string) => boolean): void {
  const connect = buildConnector({ timeout: CONNECT_LIMIT_MS });
  const agent = new Agent({
    allowH2: false,
    maxResponseSize: MOST_BYTES,
    connect: (options, done) => {
      const host = options.hostname.replace(/^\[(?<inside>.*)\]$/u, '$<inside>');
      if (isAllowed(host)) connect(options, done);
      else done(new Error(`${host} is an address of this machine or its network`), null);
    },
  });
  setGlobalDispatcher(agent);
}
