// The description of the API: `/openapi.json`, made from the schemas of the routes, and `/docs`, the same as a page.
// It is rarely requested, and the module that makes it takes memory, so that module is loaded on the first request.
import { fastify, type RouteOptions } from 'fastify';

import { apiReference, type ApiDescription } from './api-reference.ts';
import type { App } from '../schemas/app-type.ts';
import { checkRequests, NO_DEFAULT_COMPILERS, writeResponses } from '../schemas/schema-compilers.ts';
import type { Identity } from './root.ts';

/** Collects the routes of the API, and describes them as OpenAPI 3.1. */
export class ApiDocument {
  readonly #identity: Identity;
  readonly #routes: RouteOptions[] = [];
  #described: Promise<ApiDescription> | undefined;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  /** Adds a route of the framework. */
  add(route: RouteOptions): void {
    // Not described: HEAD, which every GET route has, and OPTIONS, which browsers use for CORS.
    if (route.method !== 'HEAD' && route.method !== 'OPTIONS') this.#routes.push(route);
  }

  /** The description, made once. */
  read(): Promise<ApiDescription> {
    this.#described ??= describe(this.#routes, this.#identity);
    return this.#described;
  }
}

export function docsRoutes(app: App, document: ApiDocument): void {
  app.get(
    '/openapi.json',
    { schema: { tags: ['server'], summary: 'This API as OpenAPI 3.1' } },
    async (_request, reply) => {
      return reply.type('application/json').send(JSON.stringify(await document.read()));
    },
  );
  app.get('/docs', { schema: { tags: ['server'], summary: 'This API as a page' } }, async (_request, reply) => {
    return reply.type('text/html; charset=utf-8').send(apiReference(await document.read()));
  });
}

/** Registers the routes in a second application without handlers, which makes the description. */
async function describe(routes: RouteOptions[], { name, version }: Identity): Promise<ApiDescription> {
  const { default: swagger } = await import('@fastify/swagger');
  const app = fastify({ exposeHeadRoutes: false, schemaController: { compilersFactory: NO_DEFAULT_COMPILERS } })
    .setValidatorCompiler(checkRequests)
    .setSerializerCompiler(writeResponses);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: name, version, description: 'A server that makes HLS of any file, URL or torrent' },
      tags: [
        { name: 'server', description: 'State of the server' },
        { name: 'sessions', description: 'A session is one viewer of one media item' },
        { name: 'playback', description: 'Playlists, segments and subtitles' },
        { name: 'clips', description: 'MP4 files of a part of a source' },
        { name: 'cast', description: 'Playback on cast devices' },
        { name: 'torrents', description: 'Torrents by info hash, without a session' },
      ],
    },
  });
  for (const { method, url, schema } of routes)
    app.route({ method, url, ...(schema && { schema }), handler: () => undefined });
  await app.ready();
  const description = app.swagger();
  await app.close();
  return description;
}
