// Every failure a person may read is an AppError: a code from a closed set, a true sentence, and the HTTP status in one table.

const STATUS = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_CONTENT_TYPE: 415,
  RANGE_NOT_SATISFIABLE: 416,
  WRONG_HOST: 421,
  HEADERS_TOO_LARGE: 431,
  SOURCE_NOT_FOUND: 404,
  SOURCE_FORBIDDEN: 403,
  SOURCE_UNUSABLE: 400,
  SOURCE_FAILED: 502,
  SOURCE_CHANGED: 502,
  SOURCE_STALLED: 504,
  NOT_MEDIA: 422,
  UNSUPPORTED_MEDIA: 422,
  MEDIA_FAILED: 500,
  WORKER_LOST: 500,
  NOT_READY: 503,
  SEGMENT_EVICTED: 503,
  DISK_FULL: 507,
  DEVICE_FAILED: 502,
  NOT_PLAYING: 409,
  NOT_ON_NETWORK: 409,
  TOO_MANY: 429,
  INTERNAL: 500,
} as const;

export type ErrorCode = keyof typeof STATUS;

export interface AppErrorOptions {
  cause?: unknown;
  /** One more sentence: what the person can do about it. */
  hint?: string;
  /** When another try makes sense. */
  retryAfterSeconds?: number;
}

/** A failure with a sentence that may be shown to a person: no paths of ours, no secrets, no stack. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, sentence: string, options: AppErrorOptions = {}) {
    super(sentence, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.hint = options.hint;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return STATUS[this.code];
  }
}

/** True for the error of an aborted wait, whoever raised it. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Whether a text is one of the codes (worker messages carry them as text). */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(STATUS, text);
}
