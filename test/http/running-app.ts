// The real application on a port of its own, over real files, with clocks a test can turn.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

import { CommunityAddons } from '../../src/addons/community-addons.ts';
import { AppError } from '../../src/base/app-error.ts';
import { createLogger } from '../../src/base/logger.ts';
import type { NamedDevice } from '../../src/cast/cast-device.ts';
import { CastTokens } from '../../src/cast/cast-tokens.ts';
import { Casting } from '../../src/cast/casting.ts';
import { createApp, type AppParts } from '../../src/http/app.ts';
import type { AccessOptions } from '../../src/http/access/gatekeeper.ts';
import { Metrics } from '../../src/http/reply/metrics.ts';
import type { ItemOpener } from '../../src/presentation/media-item.ts';
import { SessionRegistry } from '../../src/sessions/session-registry.ts';
import { openDatabase } from '../../src/state/sqlite/database.ts';
import { SqliteCastTokenStore } from '../../src/state/sqlite/sqlite-cast-token-store.ts';
import { SqliteSessionStore } from '../../src/state/sqlite/sqlite-session-store.ts';
import { assertPresent, parseLocator } from '../../src/sources/open/source-locator.ts';
import { FilePresentations } from './file-presentation.ts';

export interface RunningApp extends AsyncDisposable {
  url: string;
  files: FilePresentations;
  sessions: SessionRegistry;
  /** A file that exists; what is in it does not matter. */
  film: string;
  /** Lines of the log so far. */
  log: string[];
  /** Turns both clocks forward. */
  wait(milliseconds: number): void;
  /** Makes a session and gives its id. */
  session(body?: Record<string, unknown>): Promise<string>;
}

export interface RunningAppOptions {
  infoHoldMs?: number;
  database?: DatabaseSync;
  /** Catalogues of add-ons, and how long each may take. */
  catalogues?: string[];
  catalogueTimeoutMs?: number;
  /** Instead of the files. */
  items?: ItemOpener;
  access?: Partial<AccessOptions>;
  instanceToken?: string;
  castHost?: string;
  castDevices?: NamedDevice[];
  sessionsPerMinute?: number;
  timeouts?: AppParts['timeouts'];
  connections?: AppParts['connections'];
  /** Instead of 127.0.0.1. */
  host?: string;
}

export async function startApp(options: RunningAppOptions = {}): Promise<RunningApp> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'raffi-test-app-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const film = join(directory, 'film.mkv');
  await writeFile(film, 'film');
  const files = stack.use(await FilePresentations.create());
  const log: string[] = [];
  const logger = createLogger('info', { write: (line) => log.push(line) });
  const database = options.database ?? openDatabase(':memory:');
  let skippedMs = 0;
  const clocks = { now: () => performance.now() + skippedMs, wallClock: () => Date.now() + skippedMs };
  const castTokens = new CastTokens({
    ...clocks,
    store: new SqliteCastTokenStore(database, { owner: 'test' }),
    log: logger,
  });
  const sessions = new SessionRegistry({
    items: options.items ?? files,
    store: new SqliteSessionStore(database, { owner: 'test', isAlive: () => false }),
    log: logger,
    checkSource: ({ uri, kind, headers }) => assertPresent(parseLocator(uri, { kind, headers })),
    ...clocks,
    infoHoldMs: options.infoHoldMs ?? 8000,
    sessionIdleMs: 24 * 3_600_000,
    releaseIdleMs: 600_000,
    maxSessions: 20,
    onEnd: (id) => castTokens.revokeSession(id),
  });
  const addons = stack.use(
    new CommunityAddons({
      catalogues: options.catalogues ?? [],
      log: logger,
      now: () => performance.now() + skippedMs,
      ...(options.catalogueTimeoutMs === undefined ? {} : { timeoutMs: options.catalogueTimeoutMs }),
    }),
  );
  const casting = stack.use(new Casting({ devices: options.castDevices ?? [], discovery: undefined, log: logger }));
  const app = await createApp({
    sessions,
    torrents: () => Promise.reject(new AppError('NOT_READY', 'There are no torrents here.')),
    addons,
    log: logger,
    identity: { name: 'raffi-server', version: '1.2.3' },
    instanceToken: options.instanceToken,
    metrics: new Metrics(),
    access: {
      allowedOrigins: ['https://friend.example'],
      allowedHosts: [],
      trustedProxies: [],
      lanToken: undefined,
      isLanOpen: false,
      ...options.access,
    },
    sessionsPerMinute: options.sessionsPerMinute ?? 1000,
    ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
    ...(options.connections === undefined ? {} : { connections: options.connections }),
    castTokens,
    castHost: () => options.castHost,
    casting,
    castAddress: async () => url,
    now: () => performance.now() + skippedMs,
    readiness: async () => ({ ready: true, parts: { media: { state: 'ready' } } }),
  });
  stack.defer(() => app.close());
  stack.use(sessions);
  const url = await app.listen({ port: 0, host: options.host ?? '127.0.0.1' });
  const session = async (body: Record<string, unknown> = {}) => newSession(url, { source: film, ...body });
  const owned = stack.move();
  const wait = (milliseconds: number) => (skippedMs += milliseconds);
  return { url, files, sessions, film, log, wait, session, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function newSession(url: string, body: Record<string, unknown>): Promise<string> {
  const reply = await fetch(`${url}/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await reply.text();
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string') return value.id;
  throw new Error(`no session: ${text}`);
}
