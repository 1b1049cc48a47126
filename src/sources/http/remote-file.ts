// A file on a server that answers ranges: opens them, and makes sure that each answer is the range and the file asked for.
import { AppError } from '../../base/app-error.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import type { OpenBody } from './attempt.ts';
import { parseContentLength, parseContentRange, rangeHeader } from './content-range.ts';
import type { HttpClient, HttpReply } from './http-client.ts';
import { UpstreamFailure, statusFailure } from './upstream-failure.ts';

/** What must stay the same from answer to answer. */
export interface Validators {
  sizeBytes: number | undefined;
  etag: string | undefined;
  lastModified: string | undefined;
}

/** An answer to a range that starts at 0 may be skipped through to the wanted byte, when that is near. */
const SKIP_LIMIT = 1024 * 1024;
const GONE = new Set([401, 403, 404, 410]);

export class RemoteFile {
  readonly #client: HttpClient;
  readonly #home: URL;
  readonly #validators: Validators;
  /** Where the redirects of `home` led: asked directly, until it refuses. */
  #current: URL;
  #changed: AppError | undefined;

  constructor(client: HttpClient, home: URL, first: Validators & { url: URL }) {
    this.#client = client;
    this.#home = home;
    this.#current = first.url;
    this.#validators = first;
  }

  /**
   * Requests `range`; the body may end before its last byte, or go on after it.
   * @throws UpstreamFailure, AppError SOURCE_CHANGED (from then on always), anything the client throws
   */
  async open(range: ByteRange, signal: AbortSignal): Promise<OpenBody> {
    this.assertSame();
    const reply = await this.#request(range, signal);
    try {
      return this.#checked(reply, range);
    } catch (error) {
      reply.body.destroy();
      throw error;
    }
  }

  /** @throws AppError SOURCE_CHANGED once a change was seen: old and new bytes must never mix */
  assertSame(): void {
    if (this.#changed) throw this.#changed;
  }

  /** A redirect often leads to a signed address that expires; the address we were given makes a new one. */
  async #request(range: ByteRange, signal: AbortSignal): Promise<HttpReply> {
    const headers = { range: rangeHeader(range) };
    const reply = await this.#client.get(this.#current, headers, signal);
    if (!GONE.has(reply.status) || this.#current.href === this.#home.href) return reply;
    reply.body.destroy();
    const again = await this.#client.get(this.#home, headers, signal);
    if (again.status === 206) this.#current = again.url;
    return again;
  }

  #checked(reply: HttpReply, range: ByteRange): OpenBody {
    if (reply.status !== 206 && reply.status !== 200) throw statusFailure(reply.status, true);
    this.#assertValidators(reply);
    if (reply.status === 200) return this.#whole(reply, range.start);
    const answered = parseContentRange(reply.header('content-range'));
    if (answered === undefined || answered.start !== range.start) {
      throw new UpstreamFailure(
        'short',
        new AppError('SOURCE_FAILED', 'The server answers other ranges than it is asked for'),
      );
    }
    if (answered.sizeBytes !== undefined && answered.sizeBytes !== this.#validators.sizeBytes) throw this.#change();
    return { body: reply.body, skipBytes: 0 };
  }

  /** The range was ignored: the body starts at byte 0. */
  #whole(reply: HttpReply, start: number): OpenBody {
    const length = parseContentLength(reply.header('content-length'));
    if (length !== undefined && length !== this.#validators.sizeBytes) throw this.#change();
    if (start > SKIP_LIMIT) throw statusFailure(200, true);
    return { body: reply.body, skipBytes: start };
  }

  #assertValidators(reply: HttpReply): void {
    const { etag, lastModified } = this.#validators;
    const newEtag = reply.header('etag');
    const newModified = reply.header('last-modified');
    if (etag !== undefined && newEtag !== undefined) {
      if (etag !== newEtag) throw this.#change();
    } else if (lastModified !== undefined && newModified !== undefined && lastModified !== newModified) {
      throw this.#change();
    }
  }

  #change(): AppError {
    this.#changed = new AppError('SOURCE_CHANGED', 'The file on the server changed while it was being read');
    return this.#changed;
  }
}
