// The log: one line of JSON per event. URLs are logged without query strings and credentials.
import { pino, type DestinationStream, type LogFn, type Logger } from 'pino';

import { AppError } from './app-error.ts';
import { LineLimit, type LeftOut } from './line-limit.ts';

export type { Logger } from 'pino';

export type LogLevel = 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Limits per second, of one message and in total; warnings and errors have a separate limit. */
const LINES = { perKind: 20, inAll: 100 };
/** The level `warn` of pino. */
const WARN = 40;
const LEFT_OUT = 'log lines left out';

/** A logger that writes to `destination`. Pass errors as `err`, and sources only through {@link redactedAddress}. */
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

/** The message of a call of pino: with a text, or with an object and a text. */
function messageOf([first, second]: readonly unknown[]): string {
  return typeof first === 'string' ? first : typeof second === 'string' ? second : '';
}

/** Escapes control and bidirectional characters that affect a terminal: JSON only escapes characters below the space. */
function withoutControls(line: string): string {
  return line.replaceAll(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** An AppError is logged as code, sentence and cause; a stack is logged only for defects of the server. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof AppError)) return error instanceof Error ? pino.stdSerializers.err(error) : String(error);
  const { code, message, cause } = error;
  if (cause === undefined) return { code, message };
  const isOurs = error.status === 500 || cause instanceof AppError || !(cause instanceof Error);
  return { code, message, cause: isOurs ? errorFields(cause) : cause.message };
}

/** The URL without user, password, query and fragment, which contain the tokens of private sources. */
export function redactedAddress(address: string): string {
  const url = URL.parse(address);
  if (url === null) return address.split(/[?#]/u)[0] ?? '';
  if (url.protocol === 'magnet:') return `magnet:?xt=${url.searchParams.get('xt') ?? ''}`;
  if (url.host === '') return address.split(/[?#]/u)[0] ?? '';
  return `${url.protocol}//${url.host}${url.pathname}`;
}
