// Assembles the HTTP application: all routes, access control and error handling. The caller listens.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { fastify, LogController, type FastifyReply, type FastifyRequest } from 'fastify';

import type { CommunityAddons } from '../addons/community-addons.ts';
import { AppError } from '../base/app-error.ts';
import type { Logger } from '../base/logger.ts';
import type { CastTokens } from '../cast/cast-tokens.ts';
import type { Casting } from '../cast/casting.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { TorrentLibrary } from '../sessions/torrent-library.ts';
import { AllowedMethods } from './reply/allowed-methods.ts';
import type { App } from './schemas/app-type.ts';
import { BufferPool } from './reply/buffer-pool.ts';
import { limitConnections, type ConnectionLimits } from './access/connection-limit.ts';
import { allowOrigins } from './access/cors.ts';
import { checkRequests, NO_DEFAULT_COMPILERS, writeResponses } from './schemas/schema-compilers.ts';
import { errorBody, handleErrors, sendError, validationError } from './reply/error-handler.ts';
import { Gatekeeper, type AccessOptions } from './access/gatekeeper.ts';
import { listeningOf } from './access/listening.ts';
import type { Metrics } from './reply/metrics.ts';
import { clipRoutes } from './routes/clips.ts';
import { communityAddonRoutes } from './routes/community-addons.ts';
import { castDeviceRoutes } from './routes/cast-devices.ts';
import { limitKey } from './access/peer-address.ts';
import { RateLimit } from './access/rate-limit.ts';
import { castTokenRoutes } from './routes/cast-token.ts';
import { castingRoutes } from './routes/casting.ts';
import { cleanupRoutes } from './routes/cleanup.ts';
import { ApiDocument, docsRoutes } from './routes/docs.ts';
import { healthRoutes, type Readiness } from './routes/health.ts';
import { hlsRoutes } from './routes/hls.ts';
import { rootRoutes, type Identity } from './routes/root.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { streamRoutes } from './routes/stream.ts';
import { subtitleRoutes } from './routes/subtitles.ts';
import { torrentRoutes } from './routes/torrents.ts';

export interface AppParts {
  sessions: SessionRegistry;
  /** Waits until the torrent engine runs. */
  torrents(): Promise<TorrentLibrary>;
  addons: CommunityAddons;
  log: Logger;
  identity: Identity;
  /** Shown by `GET /`, so that the program that started the server recognizes it; undefined: not shown. */
  instanceToken?: string | undefined;
  metrics: Metrics;
  /** Settings of access control. */
  access: AccessOptions;
  castTokens: CastTokens;
  /** Host, with a port when it differs from the server's, at which cast devices reach the server; undefined: the host of the request. */
  castHost(): string | undefined;
  casting: Casting;
  /** `http://host:port` for a cast device at this address. @throws AppError NOT_ON_NETWORK */
  castAddress(deviceHost: string): Promise<string>;
  /** Monotonic clock, milliseconds. */
  now(): number;
  /** Limit of new sessions per caller and minute. */
  sessionsPerMinute: number;
  timeouts?: Partial<typeof TIMEOUTS>;
  connections?: Partial<ConnectionLimits>;
  /** State of each part of the server, by name. */
  readiness(): Promise<Readiness>;
}

/** No response may run as script, appear in a frame, or be interpreted as another content type. */
const SAFETY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
};
/**
 * Time limits for receiving the headers of a request and the whole request. `silenceMs`: time without traffic in either direction before
 * a connection is closed; long, because a paused player comes back.
 */
const TIMEOUTS = { headersMs: 10_000, requestMs: 30_000, silenceMs: 15 * 60_000 };
const CONNECTIONS = { maxConnections: 2048, maxPerPeer: 512 };
const BODY_LIMIT_BYTES = 256 * 1024;
/** Longer than any session id or info hash; a longer parameter gets the reply for unknown names. */
const MAX_PARAMETER_LENGTH = 512;

export async function createApp(parts: AppParts): Promise<App> {
  const methods = new AllowedMethods();
  const pool = new BufferPool();
  const { access, castTokens, now, sessions } = parts;
  const gatekeeper: Gatekeeper = new Gatekeeper({
    ...access,
    castTokens,
    now,
    listening: listeningOf(() => app.addresses()),
  });
  const document = new ApiDocument(parts.identity);
  const app = bareApp(parts, gatekeeper).setValidatorCompiler(checkRequests).setSerializerCompiler(writeResponses);
  app.addHook('onRoute', (route) => {
    methods.add(route);
    document.add(route);
  });
  const newSessions = new RateLimit({ burst: parts.sessionsPerMinute, perSecond: parts.sessionsPerMinute / 60, now });
  limitConnections(app.server, { ...CONNECTIONS, ...parts.connections }, ({ remoteAddress }) =>
    limitKey(remoteAddress),
  );
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SAFETY_HEADERS);
    gatekeeper.admit(request, reply);
  });
  app.addHook('onResponse', async (request, reply) => parts.metrics.observe(request, reply));
  onlyJsonBodies(app);
  handleErrors(app, methods);
  await allowOrigins(app, gatekeeper);
  await app.register(async (scope: App) => {
    rootRoutes(scope, { ...parts, instanceToken: parts.instanceToken, gatekeeper });
    healthRoutes(scope, parts);
    docsRoutes(scope, document);
    communityAddonRoutes(scope, parts.addons);
    sessionRoutes(scope, { sessions, gatekeeper, newSessions });
    hlsRoutes(scope, { sessions, pool });
    streamRoutes(scope, { sessions, pool });
    subtitleRoutes(scope, { sessions, pool });
    clipRoutes(scope, sessions);
    castTokenRoutes(scope, { sessions, castTokens, castHost: parts.castHost });
    castDeviceRoutes(scope, parts);
    castingRoutes(scope, parts);
    torrentRoutes(scope, { torrents: parts.torrents, pool });
  });
  await app.register(async (scope: App) => cleanupRoutes(scope, { sessions, castTokens }));
  return app;
}

function bareApp(parts: AppParts, gatekeeper: Gatekeeper): App {
  const timeouts = { ...TIMEOUTS, ...parts.timeouts };
  return fastify({
    loggerInstance: parts.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    schemaController: { compilersFactory: NO_DEFAULT_COMPILERS },
    schemaErrorFormatter: validationError,
    // URLs that the router cannot parse skip every hook, so access control runs again in this handler.
    frameworkErrors: (error, request, reply) =>
      void sendError(refusalOf(gatekeeper, request, reply) ?? error, request, reply),
    keepAliveTimeout: 75_000,
    connectionTimeout: timeouts.silenceMs,
    // These timeouts cover receiving the request only, never the time to make a segment.
    requestTimeout: timeouts.requestMs,
    http: { headersTimeout: timeouts.headersMs, connectionsCheckingInterval: timeouts.headersMs / 4 },
    forceCloseConnections: true,
    return503OnClosing: true,
    clientErrorHandler,
  }).withTypeProvider<TypeBoxTypeProvider>();
}

/** Replies to requests that are not HTTP, too large, or too slow. */
function clientErrorHandler(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const shown = CLIENT_ERRORS.get(error.code ?? '') ?? new AppError('BAD_REQUEST', 'The request is not valid HTTP');
  const body = errorBody(shown);
  const head = ['Content-Type: application/json', `Content-Length: ${body.length}`, 'Connection: close'];
  socket.end([`HTTP/1.1 ${shown.status} ${STATUS_CODES[shown.status]}`, ...head, '', body].join('\r\n'));
}

const CLIENT_ERRORS = new Map([
  ['HPE_HEADER_OVERFLOW', new AppError('HEADERS_TOO_LARGE', 'The headers of the request are too large')],
  ['ERR_HTTP_REQUEST_TIMEOUT', new AppError('REQUEST_TIMEOUT', 'The request did not come in time')],
]);

function refusalOf(gatekeeper: Gatekeeper, request: FastifyRequest, reply: FastifyReply): Error | undefined {
  try {
    gatekeeper.admit(request, reply);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error('refused', { cause: error });
  }
}

/** Accepts JSON bodies only. A JSON content type without a body counts as no body: many clients send it with DELETE. */
function onlyJsonBodies(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body.toString(), done);
  });
}
