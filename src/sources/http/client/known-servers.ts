// What is known of the servers that sources were read from of late: how many connections each allows, over all sources.
import { LRUCache } from 'lru-cache';

import { ServerConnections } from './server-connections.ts';

export class KnownServers {
  readonly #byHost = new LRUCache<string, ServerConnections>({ max: 1000 });

  /** The server behind the address a caller named: accounts belong to it, wherever it redirects to. */
  at({ host }: URL): ServerConnections {
    const server = this.#byHost.get(host) ?? new ServerConnections();
    this.#byHost.set(host, server);
    return server;
  }
}
