// Cross-origin requests: which web pages may read our answers, and the headers that say so.
import cors from '@fastify/cors';

import type { App } from './app-type.ts';

export interface CorsOptions {
  /** Origins allowed beyond the built-in ones, `https://example.org`. */
  allowedOrigins: string[];
}

/** The desktop app's page and the dev server of its front end. */
const LOOPBACK_PORTS = [11420, 5173] as const;
const RAFFI_ORIGIN = /^https:\/\/(?:[a-z0-9-]+\.)*raffi\.al$/u;
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::(?<port>\d{1,5}))?$/u;

/** Whether a page of `origin` may call us; `ownPort` is the one we listen on. */
function isAllowedOrigin(
  origin: string,
  { ownPort, allowedOrigins }: { ownPort: number | undefined; allowedOrigins: string[] },
): boolean {
  if (RAFFI_ORIGIN.test(origin) || allowedOrigins.includes(origin)) return true;
  const loopback = LOOPBACK_ORIGIN.exec(origin);
  if (loopback === null) return false;
  const port = Number(loopback.groups?.['port'] ?? (origin.startsWith('https:') ? 443 : 80));
  return port === ownPort || LOOPBACK_PORTS.some((each) => each === port);
}

export async function allowOrigins(app: App, options: CorsOptions): Promise<void> {
  await app.register(cors, {
    origin: (origin, decide) => {
      const address = app.server.address();
      const ownPort = typeof address === 'object' ? address?.port : undefined;
      // A list, even an empty one, makes the plugin answer preflights; `false` would make them 404.
      decide(null, origin !== undefined && isAllowedOrigin(origin, { ownPort, ...options }) ? [origin] : []);
    },
    methods: ['GET', 'POST', 'OPTIONS', 'DELETE', 'HEAD'],
    allowedHeaders: ['Content-Type', 'Accept-Encoding', 'Range', 'Origin', 'Accept', 'X-Raffi-Cast-Token'],
    exposedHeaders: ['X-Raffi-Slice-Start', 'Accept-Ranges', 'Content-Range', 'Content-Length'],
    maxAge: 86_400,
    strictPreflight: false,
  });
}
