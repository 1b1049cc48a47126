// Failures of requests to remote servers: which of them are retried, and the sentence for the user.
import { AppError, type ErrorCode } from '../../../base/app-error.ts';
import { retryAfterMs } from './retry-after.ts';

/**
 * `transient`: retried. `short`: the body ended early; retried a few times. `stalled`: no byte came in time.
 * `busy`: the server allows no more connections now. `final`: a retry cannot help.
 */
export type FailureKind = 'transient' | 'short' | 'stalled' | 'busy' | 'final';

/** A failed attempt; `error` is what the caller sees when no further attempt is made. */
export class UpstreamFailure extends Error {
  readonly kind: FailureKind;
  readonly error: AppError;
  /** How long to wait before the next attempt, as the server asks. */
  readonly retryAfterMs: number;

  constructor(kind: FailureKind, error: AppError, waitMs = 0) {
    super(error.message, { cause: error });
    this.name = 'UpstreamFailure';
    this.kind = kind;
    this.error = error;
    this.retryAfterMs = waitMs;
  }
}

/** Classifies any error of an attempt. An AppError keeps its sentence. */
export function failureOf(error: unknown): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error;
  if (error instanceof AppError) return new UpstreamFailure('final', error);
  const code = codeOf(error);
  const [kind, sentence] = (code === undefined ? undefined : NETWORK[code]) ?? tlsSentence(code) ?? UNKNOWN;
  const worded = kind === 'stalled' ? 'SOURCE_STALLED' : 'SOURCE_FAILED';
  return new UpstreamFailure(kind, new AppError(worded, sentence, { cause: error }));
}

/** The failure for an unexpected status. `worked`: the source has delivered bytes before. */
export function statusFailure(reply: FailedReply, worked: boolean): UpstreamFailure {
  const [kind, code, sentence] = statusSentence(reply.status, worked);
  return new UpstreamFailure(kind, new AppError(code, sentence), retryAfterMs(reply));
}

export interface FailedReply {
  status: number;
  header(name: string): string | undefined;
}

type Sentence = readonly [FailureKind, string];

const UNKNOWN: Sentence = ['transient', 'The connection to the server failed'];
const REFUSED: Sentence = ['transient', 'The server refused the connection'];
const BROKEN: Sentence = ['transient', 'The server broke the connection'];
const UNREACHABLE: Sentence = ['transient', 'The server cannot be reached'];
const NO_ANSWER: Sentence = ['stalled', 'The server does not answer'];
const ENDED: Sentence = ['short', 'The server closed the connection before the end of the file'];

const NETWORK: Readonly<Record<string, Sentence>> = {
  ECONNREFUSED: REFUSED,
  ECONNRESET: BROKEN,
  EPIPE: BROKEN,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENETDOWN: UNREACHABLE,
  EADDRNOTAVAIL: UNREACHABLE,
  ENOTFOUND: ['final', 'The name of the server is not known'],
  EAI_AGAIN: ['transient', 'The name of the server could not be looked up'],
  ETIMEDOUT: NO_ANSWER,
  UND_ERR_CONNECT_TIMEOUT: NO_ANSWER,
  UND_ERR_HEADERS_TIMEOUT: NO_ANSWER,
  UND_ERR_BODY_TIMEOUT: ['stalled', 'The server stopped sending'],
  // The connection was closed in order, but too early.
  UND_ERR_SOCKET: ENDED,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ENDED,
  UND_ERR_HEADERS_OVERFLOW: ['final', 'The answer of the server is not valid'],
  HPE_INVALID_CONSTANT: ['final', 'The answer of the server is not valid'],
  UND_ERR_INVALID_ARG: ['final', 'The web address is not valid'],
};

function tlsSentence(code: string | undefined): Sentence | undefined {
  if (code === undefined) return undefined;
  if (code.startsWith('HPE_')) return ['final', 'The answer of the server is not valid'];
  const certificate = /^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT|ERR_SSL|EPROTO|HOSTNAME_MISMATCH)/;
  return certificate.test(code) ? ['final', 'The secure connection to the server failed'] : undefined;
}

function statusSentence(status: number, worked: boolean): readonly [FailureKind, ErrorCode, string] {
  const server = `The server answered ${status}`;
  if (status === 401 || status === 403) {
    if (worked)
      return ['final', 'SOURCE_FORBIDDEN', `The link has expired: the server no longer allows it (${status})`];
    return ['final', 'SOURCE_FORBIDDEN', `The server does not allow access to the file (${status})`];
  }
  if (status === 404 || status === 410) {
    const sentence = worked ? 'The file is no longer on the server' : 'The server does not have the file';
    return ['final', 'SOURCE_NOT_FOUND', `${sentence} (${status})`];
  }
  if (status === 416) return ['short', 'SOURCE_CHANGED', 'The file on the server is shorter than it was'];
  if (status === 200) return ['short', 'SOURCE_FAILED', 'The server no longer answers ranges'];
  const again = status >= 500 || status === 408 || status === 425 || status === 429;
  return [again ? 'transient' : 'final', 'SOURCE_FAILED', server];
}

/** The code of the error, or of the first of several (a name with several addresses), or of its cause. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return codeOf(error.cause);
}
