// Replaces modules of webtorrent that the engine never calls with stubs, and loads some others at their first call. That saves a fifth of the
// start of the process.
import { registerHooks } from 'node:module';
import { entryModule } from '../../base/entry-modules.ts';

export interface ModuleStub {
  /** The import specifier... */
  name: string;
  /** ... in the modules of this package. */
  by: string;
  /** Named exports, besides the default export. */
  exports?: readonly string[];
  /** The function of `lazy-fetch.ts` that loads the real module at the first call; default: it is never loaded. */
  lazy?: 'lazyFetch' | 'lazyTrackerFetch';
}

/** Stubs for blocklists, the HTTP server, torrent creation, the store, port mapping, proxies and the tracker server; `fetch` is loaded lazily. */
export const WEBTORRENT_STUBS: readonly ModuleStub[] = [
  { name: 'load-ip-set', by: 'webtorrent' },
  { name: './lib/server.js', by: 'webtorrent', exports: ['NodeServer', 'BrowserServer'] },
  { name: 'create-torrent', by: 'webtorrent', exports: ['parseInput'] },
  { name: 'fs-chunk-store', by: 'webtorrent' },
  { name: 'socks', by: 'bittorrent-tracker' },
  { name: './server.js', by: 'bittorrent-tracker' },
  { name: '@silentbot1/nat-api', by: 'webtorrent' },
  { name: 'cross-fetch-ponyfill', by: 'webtorrent', lazy: 'lazyFetch' },
  { name: 'cross-fetch-ponyfill', by: 'parse-torrent', lazy: 'lazyFetch' },
  { name: 'cross-fetch-ponyfill', by: 'bittorrent-tracker', lazy: 'lazyTrackerFetch' },
];

const LAZY_FETCH = JSON.stringify(entryModule('torrent-engine/webtorrent/lazy-fetch.ts').href);

/** For the whole process, to be called before webtorrent is imported. */
export function stubUnusedModules(): void {
  registerHooks({
    resolve(name, context, next) {
      const stub = WEBTORRENT_STUBS.find(
        (each) => each.name === name && context.parentURL?.includes(`/node_modules/${each.by}/`),
      );
      if (!stub) return next(name, context);
      const source = stub.lazy
        ? `import { ${stub.lazy} } from ${LAZY_FETCH}; export default ${stub.lazy}(${JSON.stringify(next(name, context).url)})`
        : `export default undefined; ${(stub.exports ?? []).map((each) => `export const ${each} = undefined;`).join('')}`;
      return { url: `data:text/javascript,${encodeURIComponent(source)}`, format: 'module', shortCircuit: true };
    },
  });
}
