// Routes for supervisors: `/health` (the process replies), `/ready` (its parts work), `/metrics` (metrics of Prometheus).
import { Type } from 'typebox';

import type { App } from '../schemas/app-type.ts';
import type { Metrics } from '../reply/metrics.ts';

/** State of each part by name, with a few words on what is wrong. */
export interface Readiness {
  ready: boolean;
  parts: Record<string, { state: 'ready' | 'starting' | 'failed'; detail?: string }>;
}

export interface HealthParts {
  readiness(): Promise<Readiness>;
  metrics: Metrics;
}

const HEALTH = Type.Object({ status: Type.Literal('ok') });
const READINESS = Type.Object({
  ready: Type.Boolean(),
  parts: Type.Record(
    Type.String(),
    Type.Object({ state: Type.Enum(['ready', 'starting', 'failed']), detail: Type.Optional(Type.String()) }),
  ),
});

export function healthRoutes(app: App, { readiness, metrics }: HealthParts): void {
  app.get(
    '/health',
    { schema: { tags: ['server'], summary: 'Check that the process replies', response: { 200: HEALTH } } },
    async () => {
      return { status: 'ok' } as const;
    },
  );

  const ready = {
    tags: ['server'],
    summary: 'State of the parts of the server',
    response: { 200: READINESS, 503: READINESS },
  };
  app.get('/ready', { schema: ready }, async (_request, reply) => {
    const state = await readiness();
    return reply
      .code(state.ready ? 200 : 503)
      .header('Cache-Control', 'no-store')
      .send(state);
  });

  app.get(
    '/metrics',
    { schema: { tags: ['server'], summary: 'Metrics in the text format of Prometheus' } },
    async (_request, reply) => {
      return reply.type(metrics.contentType).send(await metrics.text());
    },
  );
}
