// The description of the API: `/openapi.json`, made from the schemas of the routes, and `/docs`, the same for people.
// Few ever ask: what makes it takes memory, so it is loaded when somebody does.
import type { RouteOptions } from 'fastify';

import { apiReference, type ApiDescription } from './api-reference.ts';
import type { App } from '../schemas/app-type.ts';
import type { Identity } from './root.ts';

/** The routes of the API, and what they look like as OpenAPI 3.1. */
export class ApiDocument {
  readonly #identity: Identity;
  readonly #routes: RouteOptions[] = [];
  #described: Promise<ApiDescription> | undefined;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  /** Notes a route of the framework. */
  add(route: RouteOptions): void {
    // HEAD goes without saying, OPTIONS is for browsers.
    if (route.method !== 'HEAD' && route.method !== 'OPTIONS') this.#routes.push(route);
  }

  /** Made once. */
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
  app.get('/docs', { schema: { tags: ['server'], summary: 'This API for people' } }, async (_request, reply) => {
    return reply.type('text/html; charset=utf-8').send(apiReference(await document.read()));
  });
}

/** The routes once more, in an application that answers nothing. */
async function describe(routes: RouteOptions[], { name, version }: Identity): Promise<ApiDescription> {
  const [{ fastify }, { default: swagger }] = await Promise.all([import('fastify'), import('@fastify/swagger')]);
  const app = fastify({ exposeHeadRoutes: false });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: name, version, description: 'Any file or address becomes HLS.' },
      tags: [
        { name: 'server', description: 'Is it there, and how is it' },
        { name: 'sessions', description: 'One session is one viewer of one item' },
        { name: 'playback', description: 'Playlists, segments and subtitles' },
        { name: 'clips', description: 'A part of a film as a file' },
        { name: 'cast', description: 'Playing on other devices' },
        { name: 'torrents', description: 'Torrents by their info hash, without a session' },
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
