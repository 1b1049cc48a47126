// The servers that sources were recently read from: how many connections each allows, over all sources.
import { LRUCache } from 'lru-cache';

import { ServerConnections } from './server-connections.ts';

export class KnownServers {
  readonly #byHost = new LRUCache<string, ServerConnections>({ max: 1000 });

  /** The server of the URL that a caller named: limits of accounts belong to it, wherever it redirects to. */
  at({ host }: URL): ServerConnections {
    const server = this.#byHost.get(host) ?? new ServerConnections();
    this.#byHost.set(host, server);
    return server;
  }
}
