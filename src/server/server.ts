// The composition root: builds every part once, in the order of their dependencies, and closes them in reverse order.
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { CommunityAddons } from '../addons/community-addons.ts';
import { AppError } from '../base/app-error.ts';
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/config.ts';
import { castAddress } from '../cast/cast-address.ts';
import { networkHost } from '../cast/cast-host.ts';
import { CastTokens } from '../cast/cast-tokens.ts';
import { Casting } from '../cast/casting.ts';
import { createApp, type AppParts } from '../http/app.ts';
import { listeningAt } from '../http/access/listening.ts';
import { Metrics } from '../http/reply/metrics.ts';
import type { Identity } from '../http/routes/root.ts';
import { DeferredOpener } from '../presentation/deferred-opener.ts';
import type { ItemOpener } from '../presentation/media-item.ts';
import type { TorrentLibrary } from '../sessions/torrent-library.ts';
import { SessionRegistry } from '../sessions/session-registry.ts';
import type { KnowledgeStore } from '../state/session-store.ts';
import type { TextStore } from '../media/subtitles/subtitle-library.ts';
import { openStores, type SqliteStores } from '../state/sqlite/sqlite-stores.ts';
import { AddressPolicy } from '../sources/http/client/address-policy.ts';
import { checkSource } from './check-source.ts';
import { InstanceDirectory, isAliveInstance } from './instance-directory.ts';
import { listen, ownAddress, ownUrls } from './listening-address.ts';
import { readiness, type PartState, type PartStates } from './readiness.ts';

/** The parts that the media side is built from. */
export interface MediaContext {
  config: Config;
  /** Directory for segments of this server only; removed when the server ends. */
  cacheDirectory: string;
  knowledge: KnowledgeStore;
  texts: TextStore;
  metrics: Metrics;
  log: Logger;
  /** Records a child process, so that the next server can end it if this one is killed. */
  recordChild(pid: number): { forget(): void };
  addresses: AddressPolicy;
  /** Ports of this server: each part that opens one adds it, so that no source is read from it. */
  ownPorts: Set<number>;
}

/** The media side: opens media items for sessions, and has the torrents. */
export interface ClosableOpener extends ItemOpener, Partial<AsyncDisposable> {
  torrents: TorrentLibrary & { readonly state: PartState };
}

export interface ServerOptions {
  config: Config;
  identity: Identity;
  log: Logger;
  /** Called when the server listens, so that `GET /` does not wait for the media engine. */
  composeMedia(context: MediaContext): Promise<ClosableOpener>;
}

export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:6969` */
  readonly url: string;
  readonly isLoopbackOnly: boolean;
  /** The URL for devices of the network; undefined: they cannot connect. */
  readonly networkUrl: string | undefined;
  /** The least clean-up, for when closing takes too long. */
  closeNow(): void;
}

const CLOCKS = { now: () => performance.now(), wallClock: () => Date.now() };
const SWEEP_MS = 30_000;
const INFO_HOLD_MS = 8_000;

/** @throws the error of `listen`, for example EADDRINUSE; all parts are closed then */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, identity, log } = options;
  await using stack = new AsyncDisposableStack();
  const instance = stack.use(new InstanceDirectory(config.tmpDirectory));
  const stores = stack.use(openDurableStores(instance, { config, log }));
  const items = Promise.withResolvers<ClosableOpener>();
  const castTokens = stack.use(new CastTokens({ ...CLOCKS, store: stores.castTokens, log }));
  const ownPorts = new Set<number>();
  const addresses = new AddressPolicy({ privateSources: config.privateSources, ownPorts: () => [...ownPorts] });
  const sessions = createSessions({ options, stores, castTokens, addresses, items: items.promise });
  const metrics = new Metrics();
  metrics.gauge('raffi_sessions', 'Open sessions', () => sessions.count);
  const state: PartStates = { media: () => 'starting', torrents: () => 'starting' };
  const app = await createApp({
    sessions,
    torrents: () => torrentsOf(items.promise),
    ...createOutward(options, stack),
    log,
    identity,
    instanceToken: config.instanceToken,
    metrics,
    access: config,
    castTokens,
    castHost: () => config.castHost ?? networkHost(ownAddress(app.addresses(), undefined).bound),
    castAddress: (deviceHost) => castAddress(deviceHost, ownAddress(app.addresses(), config.castHost)),
    now: CLOCKS.now,
    sessionsPerMinute: config.sessionsPerMinute,
    readiness: () => readiness(state, instance.path),
  });
  stack.defer(() => app.close());
  await sessions.takeOver();
  await castTokens.takeOver();
  await listen(app, config.listen);
  stack.use(sessions);
  ownPorts.add(listeningAt(app.addresses()).port ?? 0);

  const cacheDirectory = join(instance.path, 'segments');
  const context = {
    config,
    cacheDirectory,
    knowledge: stores.knowledge,
    texts: stores.texts,
    metrics,
    log,
    recordChild: instance.recordChild.bind(instance),
    addresses,
    ownPorts,
  };
  items.resolve(startMedia(options, context, state));
  stack.defer(async () => (await items.promise.catch(() => undefined))?.[Symbol.asyncDispose]?.());
  stack.use(sweeping(() => [sessions, castTokens].forEach((each) => each.sweep())));
  removeLeftovers(instance, log);
  return running(app.addresses(), stack.move(), { instance, config });
}

function sweeping(sweep: () => void): Disposable {
  const timer = setInterval(sweep, SWEEP_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The parts that send requests to other machines on request: add-on catalogues and cast devices. */
function createOutward(
  { config, log }: ServerOptions,
  stack: AsyncDisposableStack,
): Pick<AppParts, 'addons' | 'casting'> {
  const { addonCatalogues: catalogues, castDevices: devices, castDiscovery: discovery } = config;
  return {
    addons: stack.use(new CommunityAddons({ catalogues, log, now: CLOCKS.now })),
    casting: stack.use(new Casting({ devices, discovery, log })),
  };
}

/** Without a database that can be opened the server runs, but keeps nothing across restarts. */
function openDurableStores(
  { path: owner }: InstanceDirectory,
  { config, log }: { config: Config; log: Logger },
): SqliteStores {
  const options = { owner, isAlive: isAliveInstance };
  try {
    return openStores(join(config.dataDirectory, 'raffi.db'), options);
  } catch (err) {
    log.warn({ err }, 'no database can be written; sessions will not survive a crash');
    return openStores(':memory:', options);
  }
}

interface SessionsNeeds {
  options: ServerOptions;
  stores: SqliteStores;
  castTokens: CastTokens;
  addresses: AddressPolicy;
  items: Promise<ItemOpener>;
}

function createSessions(needs: SessionsNeeds): SessionRegistry {
  const { options, stores, castTokens, addresses, items } = needs;
  const { config, log } = options;
  return new SessionRegistry({
    items: new DeferredOpener(items),
    store: stores.sessions,
    log,
    checkSource: (source) => checkSource(source, { addresses, mediaRoots: config.mediaRoots }),
    ...CLOCKS,
    infoHoldMs: INFO_HOLD_MS,
    sessionIdleMs: config.sessionIdleMs,
    releaseIdleMs: config.releaseIdleMs,
    maxSessions: config.maxSessions,
    onEnd: (id) => castTokens.revokeSession(id),
  });
}

async function torrentsOf(items: Promise<ClosableOpener>): Promise<TorrentLibrary> {
  try {
    return (await items).torrents;
  } catch (cause) {
    throw new AppError('NOT_READY', 'The torrent engine could not be started', { cause });
  }
}

async function startMedia(options: ServerOptions, context: MediaContext, state: PartStates): Promise<ClosableOpener> {
  try {
    const items = await options.composeMedia(context);
    state.media = () => 'ready';
    state.torrents = () => items.torrents.state;
    return items;
  } catch (err) {
    state.media = state.torrents = () => 'failed';
    options.log.error({ err }, 'media engine could not be started');
    throw err;
  }
}

function removeLeftovers(instance: InstanceDirectory, log: Logger): void {
  instance.removeDeadNeighbours().then(
    (removed) => {
      if (removed.directories > 0) log.info(removed, 'leftovers of a killed server removed');
    },
    (err: unknown) => log.warn({ err }, 'leftovers of a killed server could not be removed'),
  );
}

function running(
  listening: (AddressInfo | string)[],
  stack: AsyncDisposableStack,
  { instance, config }: { instance: InstanceDirectory; config: Config },
): RunningServer {
  const { url, network } = ownUrls(listening, config.castHost);
  return {
    url,
    isLoopbackOnly: listeningAt(listening).isLoopbackOnly,
    networkUrl: network,
    closeNow: () => instance[Symbol.dispose](),
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}
