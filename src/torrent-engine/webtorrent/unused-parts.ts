// What of webtorrent nothing here calls is not loaded, and some of the rest is loaded later: a fifth of the time a new process needs.
import { registerHooks } from 'node:module';

export interface StandIn {
  /** As it is imported... */
  name: string;
  /** ... by this package. */
  by: string;
  /** Named exports, besides the default one. */
  exports?: readonly string[];
  /** What of `later-fetch.ts` loads the real one when it is called; default: it never is. */
  later?: 'laterFetch' | 'laterTrackerFetch';
}

/** No blocklists, HTTP server, making of torrents, store, port mapping, proxies, server for trackers of its own; HTTP not at once. */
export const STAND_INS: readonly StandIn[] = [
  { name: 'load-ip-set', by: 'webtorrent' },
  { name: './lib/server.js', by: 'webtorrent', exports: ['NodeServer', 'BrowserServer'] },
  { name: 'create-torrent', by: 'webtorrent', exports: ['parseInput'] },
  { name: 'fs-chunk-store', by: 'webtorrent' },
  { name: 'socks', by: 'bittorrent-tracker' },
  { name: './server.js', by: 'bittorrent-tracker' },
  { name: '@silentbot1/nat-api', by: 'webtorrent' },
  { name: 'cross-fetch-ponyfill', by: 'webtorrent', later: 'laterFetch' },
  { name: 'cross-fetch-ponyfill', by: 'parse-torrent', later: 'laterFetch' },
  { name: 'cross-fetch-ponyfill', by: 'bittorrent-tracker', later: 'laterTrackerFetch' },
];

const LATER_FETCH = JSON.stringify(new URL('./later-fetch.ts', import.meta.url).href);

/** For the whole process, before webtorrent is imported. */
export function leaveOutUnusedParts(): void {
  registerHooks({
    resolve(name, context, next) {
      const standIn = STAND_INS.find(
        (each) => each.name === name && context.parentURL?.includes(`/node_modules/${each.by}/`),
      );
      if (!standIn) return next(name, context);
      const source = standIn.later
        ? `import { ${standIn.later} } from ${LATER_FETCH}; export default ${standIn.later}(${JSON.stringify(next(name, context).url)})`
        : `export default undefined; ${(standIn.exports ?? []).map((each) => `export const ${each} = undefined;`).join('')}`;
      return { url: `data:text/javascript,${encodeURIComponent(source)}`, format: 'module', shortCircuit: true };
    },
  });
}
