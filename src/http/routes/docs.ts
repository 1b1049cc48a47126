// The description of the API: `/openapi.json`, made from the schemas of the routes, and `/docs`, the same for people.
import swagger from '@fastify/swagger';

import { apiReference } from '../api-reference.ts';
import type { App } from '../app-type.ts';
import type { Identity } from './root.ts';

export async function describeApi(app: App, identity: Identity): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: identity.name, version: identity.version, description: 'Any file or address becomes HLS.' },
      tags: [
        { name: 'server', description: 'Is it there, and how is it' },
        { name: 'sessions', description: 'One session is one viewer of one item' },
        { name: 'playback', description: 'Playlists and segments' },
        { name: 'cast', description: 'Playing on other devices' },
        { name: 'torrents', description: 'Torrents by their info hash, without a session' },
      ],
    },
  });
}

export function docsRoutes(app: App): void {
  app.get(
    '/openapi.json',
    { schema: { tags: ['server'], summary: 'This API as OpenAPI 3.1' } },
    async (_request, reply) => {
      return reply.type('application/json').send(JSON.stringify(app.swagger()));
    },
  );
  app.get('/docs', { schema: { tags: ['server'], summary: 'This API for people' } }, async (_request, reply) => {
    return reply.type('text/html; charset=utf-8').send(apiReference(app.swagger()));
  });
}
