// An HLS presentation on another server: its playlists with every URI renamed to ours, and its segments through our client.
import { AppError } from '../../base/app-error.ts';
import { attempt, type OpenBody } from './attempt.ts';
import { parseContentLength, parseContentRange, rangeHeader } from './content-range.ts';
import type { HttpClient, HttpReply } from './http-client.ts';
import { rewritePlaylist, type RenameUri } from './playlist-uris.ts';
import { Patience, type RetryPolicy } from './retry-policy.ts';
import { UpstreamFailure, statusFailure } from './upstream-failure.ts';

export interface HlsUpstreamOptions {
  /** Owned from here on. */
  client: HttpClient;
  /** Of the first playlist, after redirects. */
  url: URL;
  policy: RetryPolicy;
}

/** A part of the presentation as it comes. Leaving the loop over `body`, or disposing, closes the connection. */
export interface HlsResource extends AsyncDisposable {
  status: 200 | 206;
  contentType: string | undefined;
  /** Undefined: the server states none. */
  lengthBytes: number | undefined;
  contentRange: string | undefined;
  body: AsyncGenerator<Uint8Array, void, undefined>;
}

const MAX_PLAYLIST_BYTES = 8 * 1024 * 1024;

/** Fetches only http(s) addresses, all under the client's rules for hosts, headers and redirects. */
export class HlsUpstream implements AsyncDisposable {
  readonly url: URL;
  readonly #options: HlsUpstreamOptions;

  constructor(options: HlsUpstreamOptions) {
    this.#options = options;
    this.url = options.url;
  }

  /**
   * The playlist at `url`, with every URI replaced by what `rename` gives for it.
   * @throws AppError as a source; NOT_MEDIA when it is no playlist
   */
  async playlist(url: URL, rename: RenameUri, signal: AbortSignal): Promise<string> {
    const opened = await this.#open(url, undefined, signal);
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.#body(opened, signal)) {
      parts.push(chunk);
      length += chunk.length;
      if (length > MAX_PLAYLIST_BYTES) throw new AppError('NOT_MEDIA', 'The HLS playlist is too long');
    }
    const text = Buffer.concat(parts)
      .toString('utf8')
      .replace(/^\ufeff/, '');
    if (!text.trimStart().startsWith('#EXTM3U'))
      throw new AppError('NOT_MEDIA', 'The server did not send an HLS playlist');
    return rewritePlaylist(text, opened.url, rename);
  }

  /**
   * A segment, init section or key. `range` is `[start, end)`, to the end of the resource without `end`.
   * @throws AppError before the first byte and in the body, when no retry helps
   */
  async fetch(url: URL, range: { start: number; end?: number } | undefined, signal: AbortSignal): Promise<HlsResource> {
    const opened = await this.#open(url, range, signal);
    const body = this.#body(opened, signal);
    return {
      status: opened.status,
      contentType: opened.first.header('content-type'),
      lengthBytes: opened.lengthBytes,
      contentRange: opened.status === 206 ? opened.first.header('content-range') : undefined,
      body,
      async [Symbol.asyncDispose]() {
        await body.return();
        // A body that was never read has not taken its connection over.
        await opened.chunks.return();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.client[Symbol.asyncDispose]();
  }

  async #open(url: URL, range: Opened['range'], signal: AbortSignal): Promise<Opened> {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new AppError('SOURCE_UNUSABLE', 'The playlist names an address that is not http or https');
    }
    const patience = new Patience({ ...this.#options.policy, tries: 4, shortTries: 2 });
    for (;;) {
      const replies: HttpReply[] = [];
      const open = async (live: AbortSignal): Promise<OpenBody> => {
        const headers = range === undefined ? {} : { range: rangeHeader(range) };
        const reply = await this.#options.client.get(url, headers, live);
        replies.push(reply);
        return { body: reply.body, skipBytes: 0 };
      };
      const chunks = attempt(open, this.#options.policy.stallMs, signal);
      try {
        const head = await chunks.next();
        const [first] = replies;
        if (first === undefined) throw new TypeError('a body without an answer');
        return { ...describe(first, range), url: first.url, first, head, chunks, range };
      } catch (error) {
        await chunks.return();
        signal.throwIfAborted();
        await patience.next(error, signal);
      }
    }
  }

  /** The rest of the body; a lost connection is replaced at the byte when the length is known. */
  async *#body(opened: Opened, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const patience = new Patience(this.#options.policy);
    const { lengthBytes } = opened;
    let { head, chunks } = opened;
    let at = 0;
    for (;;) {
      try {
        for (let step = head; !step.done; step = await chunks.next()) {
          at += step.value.length;
          yield step.value;
          patience.progressed();
        }
        if (lengthBytes === undefined || at >= lengthBytes) return;
        throw new UpstreamFailure('short', new AppError('SOURCE_FAILED', 'The server ended a segment too early'));
      } catch (error) {
        signal.throwIfAborted();
        if (lengthBytes === undefined) throw error;
        await patience.next(error, signal);
      } finally {
        await chunks.return();
      }
      chunks = attempt((live) => this.#resume(opened, at, live), this.#options.policy.stallMs, signal);
      head = EMPTY;
    }
  }

  async #resume(opened: Opened, at: number, signal: AbortSignal): Promise<OpenBody> {
    const start = (opened.range?.start ?? 0) + at;
    const end = (opened.range?.start ?? 0) + (opened.lengthBytes ?? 0);
    const reply = await this.#options.client.get(opened.url, { range: rangeHeader({ start, end }) }, signal);
    const etag = [opened.first.header('etag'), reply.header('etag')];
    const answered = parseContentRange(reply.header('content-range'))?.start;
    if (etag[0] === etag[1] && reply.status === 206 && answered === start) return { body: reply.body, skipBytes: 0 };
    if (etag[0] === etag[1] && reply.status === 200 && opened.range === undefined)
      return { body: reply.body, skipBytes: at };
    reply.body.destroy();
    if (etag[0] !== etag[1])
      throw new AppError('SOURCE_CHANGED', 'The segment on the server changed while it was being read');
    throw statusFailure(reply.status, true);
  }
}

interface Opened {
  url: URL;
  status: 200 | 206;
  first: HttpReply;
  head: IteratorResult<Uint8Array, void>;
  chunks: AsyncGenerator<Uint8Array, void, undefined>;
  lengthBytes: number | undefined;
  range: { start: number; end?: number } | undefined;
}

const EMPTY: IteratorResult<Uint8Array, void> = { done: false, value: new Uint8Array() };

/** Status and length of an answer that is usable as it is. */
function describe(reply: HttpReply, range: Opened['range']): Pick<Opened, 'status' | 'lengthBytes'> {
  const encoding = reply.header('content-encoding') ?? 'identity';
  if (encoding !== 'identity') throw new AppError('SOURCE_UNUSABLE', 'The server only sends the playlist compressed');
  if (reply.status === 200) return { status: 200, lengthBytes: parseContentLength(reply.header('content-length')) };
  if (reply.status !== 206 || range === undefined) throw statusFailure(reply.status, false);
  const answered = parseContentRange(reply.header('content-range'));
  if (answered?.start !== range.start) throw statusFailure(200, true);
  return { status: 206, lengthBytes: answered.end - answered.start };
}
