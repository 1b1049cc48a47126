// `GET /`: the server is alive. The desktop app allows half a second for any answer.
import { Type } from 'typebox';

import type { App } from '../app-type.ts';

export interface Identity {
  name: string;
  version: string;
}

const ALIVE = Type.Object({
  name: Type.String(),
  version: Type.String(),
  pid: Type.Integer(),
  uptimeSeconds: Type.Number(),
});

export function rootRoutes(app: App, identity: Identity): void {
  app.get(
    '/',
    { schema: { tags: ['server'], summary: 'Is the server alive?', response: { 200: ALIVE } } },
    async (_request, reply) => {
      reply.header('Cache-Control', 'no-store');
      return { ...identity, pid: process.pid, uptimeSeconds: Math.round(process.uptime() * 1000) / 1000 };
    },
  );
}
