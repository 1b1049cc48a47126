// AppError, the error of every failure that is shown to users: a code from a closed set, a sentence with the facts, and the HTTP status in one table.

export interface ErrorEntry {
  /** HTTP status. */
  status: number;
  /** When the code is used. Markdown, for docs/errors.md. */
  cause: string;
  /** What the caller can do. Markdown, for docs/errors.md. */
  remedy: string;
}

/** Every code. docs/errors.md is made from it. */
export const ERRORS = {
  BAD_REQUEST: {
    status: 400,
    cause: 'A parameter, a field of the body or the body itself is missing or not valid.',
    remedy: 'Read the sentence: it names the field. `/docs` describes every call.',
  },
  UNAUTHORIZED: {
    status: 401,
    cause: 'The request carries a token that is wrong or has expired.',
    remedy: 'Ask for a new token with `POST /cast/token`, or pair the device again.',
  },
  FORBIDDEN: {
    status: 403,
    cause:
      'The caller may not make this request: a web page on an origin that is not allowed, or a device of the network without a token. The same code is given for a clips directory that cannot be written.',
    remedy:
      'See docs/security.md for the callers and their rights; allow an origin with `RAFFI_ALLOWED_ORIGINS`, pair a device with `RAFFI_LAN_TOKEN`, or correct `RAFFI_CLIPS_DIR`.',
  },
  NOT_FOUND: {
    status: 404,
    cause:
      'The address, session, variant, segment, subtitle track, torrent or cast device does not exist, or has ended.',
    remedy: 'Start a new session with `POST /sessions`, and read the names of variants from its playlists.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    cause: 'The address exists, but not with this method.',
    remedy: 'Use one of the methods in the `Allow` header of the answer.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    cause: 'The headers took longer than 10 s to arrive, or the whole request longer than 30 s.',
    remedy: 'Send the request again.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    cause: 'The body is larger than 256 KiB, or a torrent file larger than 10 MiB.',
    remedy: 'Send a smaller body. A large torrent can be named by its path, URL or magnet link.',
  },
  UNSUPPORTED_CONTENT_TYPE: {
    status: 415,
    cause: 'The body has another content type than the call takes.',
    remedy: 'Send `application/json`, or `application/x-bittorrent` to `POST /torrents`.',
  },
  RANGE_NOT_SATISFIABLE: {
    status: 416,
    cause: 'The requested byte range begins after the end of the file.',
    remedy: 'Read the size from `Content-Range` and ask for bytes within it.',
  },
  WRONG_HOST: {
    status: 421,
    cause: 'The `Host` header is not a name of this server. This stops DNS rebinding.',
    remedy: 'Use `localhost` or `127.0.0.1`, or add the name to `RAFFI_ALLOWED_HOSTS`.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    cause: 'The headers of the request are larger than 16 KiB.',
    remedy: 'Send fewer or shorter headers.',
  },
  SOURCE_NOT_FOUND: {
    status: 404,
    cause: 'The local file does not exist, the server of the source answers 404 or 410, or the torrent was removed.',
    remedy: 'Check the path or URL, or create the session again.',
  },
  SOURCE_FORBIDDEN: {
    status: 403,
    cause:
      'The source may not be read: a file without read permission or outside of `RAFFI_MEDIA_ROOTS`, an address that is not allowed, or a server that refuses the request.',
    remedy: 'Check permissions, `RAFFI_MEDIA_ROOTS`, `RAFFI_PRIVATE_SOURCES`, and whether the link has expired.',
  },
  SOURCE_UNUSABLE: {
    status: 400,
    cause:
      'The source cannot be opened as it is named: the text is not a URL, path, magnet link or info hash, the torrent file is damaged, torrents are switched off, or the server answers in a form that cannot be read.',
    remedy: 'Read the sentence, then correct the text of the source or the setting.',
  },
  SOURCE_FAILED: {
    status: 502,
    cause: 'The source or the network failed while it was read, after all retries.',
    remedy: 'Play again later. The sentence names what the server of the source answered.',
  },
  SOURCE_CHANGED: {
    status: 502,
    cause: 'The bytes of the source changed while it was played, or a piece of a torrent failed its check.',
    remedy: 'Request the segment again: the source is opened anew.',
  },
  SOURCE_STALLED: {
    status: 504,
    cause: 'The source sent nothing for so long that the request was given up.',
    remedy: 'Check the connection; of a torrent, check that it has peers. Then request again.',
  },
  NOT_MEDIA: {
    status: 422,
    cause: 'The source is not a media file: it is empty, cut off, a web page, text, or without any track.',
    remedy: 'Open the URL or file in another program to see what it holds.',
  },
  UNSUPPORTED_MEDIA: {
    status: 422,
    cause: 'The source is a media file, but uses a codec, container, archive or size that is not supported.',
    remedy: 'Read the sentence for what is not supported. `RAFFI_WORKER_MEMORY` allows a worker to take more memory.',
  },
  MEDIA_FAILED: {
    status: 500,
    cause: 'Decoding, filtering or encoding failed at this place of the source.',
    remedy: 'Seek past the place. When other players play it, report it with the log and a sample.',
  },
  WORKER_LOST: {
    status: 500,
    cause: 'The process that made the segment crashed, hung, or was ended for its memory, also in another try.',
    remedy: 'Request again. When it happens again at the same place, report it with the log.',
  },
  NOT_READY: {
    status: 503,
    cause:
      'A part of the server is starting or stopping, the metadata of a torrent is not known yet, or a newer seek of the same viewer replaced this request.',
    remedy: 'Repeat the request after a moment, or after `Retry-After`.',
  },
  SEGMENT_EVICTED: {
    status: 503,
    cause: 'The segment was made, but left the cache before it could be read: the cache is too small for all viewers.',
    remedy: 'Request again. When it happens often, raise `RAFFI_CACHE_SIZE`.',
  },
  DISK_FULL: {
    status: 507,
    cause: 'The disk of the segments, torrents, clips or temporary copies is full, but for a small reserve.',
    remedy: 'Free space, or lower `RAFFI_CACHE_SIZE` and `RAFFI_TORRENT_CACHE_SIZE`.',
  },
  DEVICE_FAILED: {
    status: 502,
    cause: 'The cast device cannot be reached, closed the connection, or could not play the stream.',
    remedy: 'Check that the device is on and in the same network, then play again.',
  },
  NOT_PLAYING: {
    status: 409,
    cause: 'The command needs a running playback, and nothing of this server plays on the cast device.',
    remedy: 'Start with `POST /cast/devices/{id}/play`.',
  },
  NOT_ON_NETWORK: {
    status: 409,
    cause:
      'The cast device cannot connect to this server, because the server listens on the loopback interface only or has no address in the network of the device.',
    remedy: 'Set `RAFFI_SERVER_ADDR=:6969`, or name a reachable address with `RAFFI_CAST_HOST`.',
  },
  TOO_MANY: {
    status: 429,
    cause:
      'A limit is reached: sessions, new sessions of one caller, invalid tokens, clips at a time, or reads of one torrent.',
    remedy:
      'Wait for `Retry-After`, or end sessions that are not used. `RAFFI_MAX_SESSIONS` and `RAFFI_SESSIONS_PER_MINUTE` are the limits of sessions.',
  },
  INTERNAL: {
    status: 500,
    cause: 'The server has a defect. The answer says no more, the log has the error.',
    remedy: 'Report it with the lines of the log.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export interface AppErrorOptions {
  cause?: unknown;
  /** One more sentence: what the user can do about it. */
  hint?: string;
  /** When a retry makes sense. */
  retryAfterSeconds?: number;
}

/** A failure with a sentence that may be shown to users: without internal paths, secrets and stack traces. */
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
    return ERRORS[this.code].status;
  }
}

/** Whether the error is that of an aborted wait. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Whether a text is one of the codes (worker messages carry them as text). */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}
