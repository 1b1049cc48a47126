// The log: one line of JSON per event. Addresses lose their query strings and credentials before they are written.
import { pino, type DestinationStream, type LogFn, type Logger } from 'pino';

import { AppError } from './app-error.ts';
import { LineLimit, type LeftOut } from './line-limit.ts';

export type { Logger } from 'pino';

export type LogLevel = 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** A second's lines of one message, and of all; what went wrong has a share of its own. */
const LINES = { perKind: 20, inAll: 100 };
/** pino's number of it. */
const WARN = 40;
const LEFT_OUT = 'log lines left out';

/** A logger that writes to `destination`. Give errors as `err`; sources only through {@link redactedAddress}. */
export function createLogger(level: LogLevel, destination: DestinationStream): Logger {
  const formatters = { level: (label: string) => ({ level: label }) };
  const serializers = { err: errorFields };
  const options = { ...LINES, onLeftOut: (leftOut: LeftOut) => logger.warn({ leftOut }, LEFT_OUT) };
  const [news, warnings] = [new LineLimit(options), new LineLimit(options)];
  const logMethod = function logMethod(this: Logger, words: Parameters<LogFn>, ...how: [LogFn, number]): void {
    const [write, severity] = how;
    const kind = messageOf(words);
    const limit = severity < WARN ? news : warnings;
    if (kind === LEFT_OUT || limit.admits(kind)) write.apply(this, words);
  };
  const hooks = { streamWrite: withoutControls, logMethod };
  const timestamp = pino.stdTimeFunctions.isoTime;
  const logger = pino({ level, base: null, timestamp, formatters, serializers, hooks }, destination);
  return logger;
}

/** What pino was called with: a text, or an object and a text. */
function messageOf([first, second]: readonly unknown[]): string {
  return typeof first === 'string' ? first : typeof second === 'string' ? second : '';
}

/** JSON escapes only what is below a space; the other characters that move or turn the text on a terminal are escaped here. */
function withoutControls(line: string): string {
  return line.replaceAll(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A failure of ours is a code and a sentence, with what was behind it; a stack only helps where we are to blame. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof AppError)) return error instanceof Error ? pino.stdSerializers.err(error) : String(error);
  const { code, message, cause } = error;
  if (cause === undefined) return { code, message };
  const isOurs = error.status === 500 || cause instanceof AppError || !(cause instanceof Error);
  return { code, message, cause: isOurs ? errorFields(cause) : cause.message };
}

/** The address without user, password, query and fragment: those carry the tokens of private sources. */
export function redactedAddress(address: string): string {
  const url = URL.parse(address);
  if (url === null) return address.split(/[?#]/u)[0] ?? '';
  if (url.protocol === 'magnet:') return `magnet:?xt=${url.searchParams.get('xt') ?? ''}`;
  if (url.host === '') return address.split(/[?#]/u)[0] ?? '';
  return `${url.protocol}//${url.host}${url.pathname}`;
}
