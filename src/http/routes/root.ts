// `GET /`: identity of the running server. The desktop app waits half a second for the reply.
import { Type } from 'typebox';

import type { App } from '../schemas/app-type.ts';
import type { Gatekeeper } from '../access/gatekeeper.ts';

export interface Identity {
  name: string;
  version: string;
}

const ALIVE = Type.Object({
  name: Type.String(),
  version: Type.String(),
  pid: Type.Integer(),
  uptimeSeconds: Type.Number(),
  /** The text of RAFFI_INSTANCE_TOKEN, for callers on this machine. */
  instance: Type.Optional(Type.String()),
});

export interface RootParts {
  identity: Identity;
  /** Undefined: the program that started the server set none. */
  instanceToken: string | undefined;
  gatekeeper: Gatekeeper;
}

export function rootRoutes(app: App, { identity, instanceToken, gatekeeper }: RootParts): void {
  app.get(
    '/',
    { schema: { tags: ['server'], summary: 'Check that the server is alive', response: { 200: ALIVE } } },
    async (request, reply) => {
      reply.header('Cache-Control', 'no-store');
      const isLocal = gatekeeper.grantOf(request) === 'local';
      return {
        ...identity,
        pid: process.pid,
        uptimeSeconds: Math.round(process.uptime() * 1000) / 1000,
        ...(isLocal && instanceToken !== undefined && { instance: instanceToken }),
      };
    },
  );
}
