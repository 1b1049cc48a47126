// The log: one line of JSON per event. Addresses lose their query strings and credentials before they are written.
import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

export type LogLevel = 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** A logger that writes to `destination`. Give errors as `err`; sources only through {@link redactedAddress}. */
export function createLogger(level: LogLevel, destination: DestinationStream): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } }, destination);
}

/** The address without user, password, query and fragment: those carry the tokens of private sources. */
export function redactedAddress(address: string): string {
  const url = URL.parse(address);
  if (url === null) return address.split(/[?#]/u)[0] ?? '';
  if (url.protocol === 'magnet:') return `magnet:?xt=${url.searchParams.get('xt') ?? ''}`;
  if (url.host === '') return address.split(/[?#]/u)[0] ?? '';
  return `${url.protocol}//${url.host}${url.pathname}`;
}
