// Decides which web pages may call the server: one rule for the gate and the CORS headers.

export interface OriginRules {
  /** The port of this server; undefined before it listens. */
  ownPort: number | undefined;
  /** Allowed origins besides the built-in ones, `https://example.org`. */
  allowedOrigins: readonly string[];
}

/** The desktop app's page and the dev server of its front end. */
const LOOPBACK_PORTS = [11420, 5173] as const;
const RAFFI_ORIGIN = /^https:\/\/(?:[a-z0-9-]+\.)*raffi\.al$/u;
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::(?<port>\d{1,5}))?$/u;

/**
 * Whether a page of `origin` may call the server. `host` is the accepted Host header of the request: a page of this server
 * has it in its origin.
 */
export function isAllowedOrigin(origin: string, host: string | undefined, rules: OriginRules): boolean {
  if (RAFFI_ORIGIN.test(origin) || rules.allowedOrigins.includes(origin)) return true;
  if (host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)) return true;
  const loopback = LOOPBACK_ORIGIN.exec(origin);
  if (loopback === null) return false;
  const port = Number(loopback.groups?.['port'] ?? (origin.startsWith('https:') ? 443 : 80));
  return port === rules.ownPort || LOOPBACK_PORTS.some((each) => each === port);
}
