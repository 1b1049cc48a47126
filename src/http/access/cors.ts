// CORS headers, which let a web page read responses across origins. The gatekeeper decides which pages.
import cors from '@fastify/cors';
import type { FastifyRequest } from 'fastify';

import type { App } from '../schemas/app-type.ts';
import type { Gatekeeper } from './gatekeeper.ts';

const OPTIONS = {
  methods: ['GET', 'POST', 'OPTIONS', 'DELETE', 'HEAD'],
  allowedHeaders: ['Content-Type', 'Accept-Encoding', 'Range', 'Origin', 'Accept', 'X-Raffi-Cast-Token'],
  exposedHeaders: ['X-Raffi-Slice-Start', 'Accept-Ranges', 'Content-Range', 'Content-Length'],
  maxAge: 86_400,
  strictPreflight: false,
};

export async function allowOrigins(app: App, gatekeeper: Gatekeeper): Promise<void> {
  await app.register(cors, {
    delegator: (request: FastifyRequest, decide: (error: Error | null, options: object) => void) => {
      const readers = gatekeeper.readersOf(request);
      // A list, even an empty one, makes the plugin answer preflight requests; with `false` they would get 404.
      decide(null, { ...OPTIONS, origin: readers === undefined ? [] : [readers] });
    },
  });
}
