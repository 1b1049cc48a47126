// A file on a server that supports ranges: requests ranges, and checks that each response has the requested range of the same file.
import { MIB } from '../../../base/units.ts';
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import type { OpenBody } from './attempt.ts';
import { parseContentLength, parseContentRange, rangeHeader } from './content-range.ts';
import type { HttpClient, HttpReply } from './http-client.ts';
import type { Connection } from './server-connections.ts';
import { UpstreamFailure, statusFailure } from './upstream-failure.ts';

/** Validators (RFC 9110, 8.8) and size, which must stay the same from response to response. */
export interface Validators {
  sizeBytes: number | undefined;
  etag: string | undefined;
  lastModified: string | undefined;
}

/** `closed`: the server answers ranges with an end; `open`: only ranges to the end of the file. */
export type RangeStyle = 'closed' | 'open';

/** The server ignored the range and sends from byte 0: up to this offset the bytes before the range are skipped. */
const SKIP_LIMIT = MIB;
const GONE = new Set([401, 403, 404, 410]);

export class RemoteFile {
  readonly #client: HttpClient;
  readonly #home: URL;
  readonly #validators: Validators;
  /** The final URL of the redirects of `home`: requested directly, until it refuses. */
  #current: URL;
  #style: RangeStyle;
  /** A server that sends a new ETag with each response makes its ETags useless. */
  #etagIs: 'new' | 'proven' | 'useless' = 'new';
  #changed: AppError | undefined;

  constructor(client: HttpClient, home: URL, first: Validators & { url: URL; ranges: RangeStyle | undefined }) {
    this.#client = client;
    this.#home = home;
    this.#current = first.url;
    this.#validators = first;
    this.#style = first.ranges ?? 'closed';
  }

  /** Every response continues to the end of the file. */
  get isOpenEnded(): boolean {
    return this.#style === 'open';
  }

  /**
   * Requests `range`; the body may end before its last byte, or continue after it.
   * @throws UpstreamFailure, AppError SOURCE_CHANGED (then at every call), anything the client throws
   */
  async open(range: ByteRange, connection: Connection, signal: AbortSignal): Promise<OpenBody> {
    this.assertSame();
    const get = async (url: URL, style: RangeStyle): Promise<HttpReply> => {
      const asked = style === 'open' ? { start: range.start } : range;
      const reply = await this.#client.get(url, { range: rangeHeader(asked) }, signal);
      const refusal = connection.refusal(reply);
      if (refusal === undefined) return reply;
      reply.body.destroy();
      throw refusal;
    };
    const reply = await this.#request(range, get);
    try {
      return this.#checked(reply, range);
    } catch (error) {
      reply.body.destroy();
      throw error;
    }
  }

  /** @throws AppError SOURCE_CHANGED after a change was detected: old and new bytes must never mix */
  assertSame(): void {
    if (this.#changed) throw this.#changed;
  }

  /**
   * A redirect often leads to a signed URL that expires; the URL of the caller redirects to a new one. A range that is refused, or
   * ignored, is requested without its end.
   */
  async #request(range: ByteRange, get: (url: URL, style: RangeStyle) => Promise<HttpReply>): Promise<HttpReply> {
    const reply = await get(this.#current, this.#style);
    if (GONE.has(reply.status) && this.#current.href !== this.#home.href) {
      reply.body.destroy();
      const again = await get(this.#home, this.#style);
      if (again.status === 206) this.#current = again.url;
      return again;
    }
    if (this.#style === 'open' || !isRefused(reply, range)) return reply;
    reply.body.destroy();
    const open = await get(this.#current, 'open');
    if (open.status === 206) this.#style = 'open';
    return open;
  }

  #checked(reply: HttpReply, range: ByteRange): OpenBody {
    if (reply.status !== 206 && reply.status !== 200) throw statusFailure(reply, true);
    this.#assertValidators(reply);
    if (reply.status === 200) return this.#whole(reply, range.start);
    const answered = parseContentRange(reply.header('content-range'));
    if (answered === undefined || answered.start !== range.start) throw otherRanges();
    if (answered.sizeBytes !== undefined && answered.sizeBytes !== this.#validators.sizeBytes) throw this.#change();
    return { body: reply.body, skipBytes: 0 };
  }

  /** The range was ignored: the body starts at byte 0. */
  #whole(reply: HttpReply, start: number): OpenBody {
    const length = parseContentLength(reply.header('content-length'));
    if (length !== undefined && length !== this.#validators.sizeBytes) throw this.#change();
    if (start > SKIP_LIMIT) throw statusFailure(reply, true);
    return { body: reply.body, skipBytes: start };
  }

  #assertValidators(reply: HttpReply): void {
    const { etag, lastModified } = this.#validators;
    const newEtag = reply.header('etag');
    const newModified = reply.header('last-modified');
    const isSameDate =
      lastModified === undefined || newModified === undefined ? undefined : lastModified === newModified;
    if (etag === undefined || newEtag === undefined || this.#etagIs === 'useless') {
      if (isSameDate === false) throw this.#change();
    } else if (etag === newEtag) this.#etagIs = 'proven';
    else if (isSameDate === false) throw this.#change();
    else if (this.#etagIs === 'new' || (isWeak(etag) && isSameDate)) this.#etagIs = 'useless';
    else throw this.#change();
  }

  #change(): AppError {
    this.#changed = new AppError('SOURCE_CHANGED', 'The file on the server changed while it was being read');
    return this.#changed;
  }
}

/** The failure for a response 206 with another range. */
export function otherRanges(): UpstreamFailure {
  return new UpstreamFailure(
    'short',
    new AppError('SOURCE_FAILED', 'The server answers other ranges than it is asked for'),
  );
}

function isRefused({ status }: HttpReply, { start }: ByteRange): boolean {
  return status === 400 || status === 416 || status === 501 || (status === 200 && start > 0);
}

function isWeak(etag: string): boolean {
  return etag.startsWith('W/');
}
