// An HLS presentation on another server: its playlists, with every URI renamed to one of this server, and its segments through the HTTP client.
import { MIB } from '../../../base/units.ts';
import { AppError } from '../../../base/app-error.ts';
import { attempt, type OpenBody } from '../client/attempt.ts';
import { codingOf, decodedBody, decodedText } from '../client/content-coding.ts';
import { parseContentLength, parseContentRange, rangeHeader } from '../client/content-range.ts';
import type { HttpClient, HttpReply } from '../client/http-client.ts';
import { rewritePlaylist, type RenameUri } from './playlist-uris.ts';
import { otherRanges } from '../client/remote-file.ts';
import { RetryBudget, type RetryPolicy } from '../client/retry-policy.ts';
import type { ServerConnections } from '../client/server-connections.ts';
import { UpstreamFailure, statusFailure } from '../client/upstream-failure.ts';

export interface HlsUpstreamOptions {
  /** The upstream owns the client. */
  client: HttpClient;
  /** URL of the first playlist, after redirects. */
  url: URL;
  policy: RetryPolicy;
  connections: ServerConnections;
}

/** The response for a part of the presentation. Leaving the loop over `body`, or disposing, closes the connection. */
export interface HlsResource extends AsyncDisposable {
  status: 200 | 206;
  contentType: string | undefined;
  /** Undefined: the server states none. */
  lengthBytes: number | undefined;
  contentRange: string | undefined;
  body: AsyncGenerator<Uint8Array, void, undefined>;
}

const MAX_PLAYLIST_BYTES = 8 * MIB;

/** A segment is read at the pace of its player, so its connection is never asked to close. */
const HOLDER = { idleSince: () => undefined };

/** Requests only http(s) URLs, under the client's rules for hosts, headers and redirects. */
export class HlsUpstream implements AsyncDisposable {
  readonly url: URL;
  readonly #options: HlsUpstreamOptions;

  constructor(options: HlsUpstreamOptions) {
    this.#options = options;
    this.url = options.url;
  }

  /**
   * The playlist at `url`, with every URI replaced by the result of `rename`.
   * @throws AppError as a source; NOT_MEDIA when the content is no playlist
   */
  async playlist(url: URL, rename: RenameUri, signal: AbortSignal): Promise<string> {
    const opened = await this.#open(url, undefined, signal);
    const tooLarge = new AppError('NOT_MEDIA', 'The HLS playlist is too long');
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.#body(opened, signal)) {
      parts.push(chunk);
      length += chunk.length;
      if (length > MAX_PLAYLIST_BYTES) throw tooLarge;
    }
    const encodings = opened.first.headers('content-encoding');
    const limits = { maxBytes: MAX_PLAYLIST_BYTES, tooLarge };
    const bytes = await decodedText(Buffer.concat(parts), encodings, limits);
    const text = Buffer.from(bytes)
      .toString('utf8')
      .replace(/^\ufeff/, '');
    if (!text.trimStart().startsWith('#EXTM3U'))
      throw new AppError('NOT_MEDIA', 'The server did not send an HLS playlist');
    return rewritePlaylist(text, opened.url, rename);
  }

  /**
   * Requests a segment, init section or key. `range` is `[start, end)`, to the end of the resource without `end`.
   * @throws AppError before the first byte or in the body, when retries do not help
   */
  async fetch(url: URL, range: { start: number; end?: number } | undefined, signal: AbortSignal): Promise<HlsResource> {
    const opened = await this.#open(url, range, signal);
    const coding = codingOf(opened.head.value ?? new Uint8Array(), opened.first.headers('content-encoding'));
    if (coding !== undefined && range !== undefined) {
      await opened.chunks.return();
      throw new AppError('SOURCE_UNUSABLE', 'The server only sends the segment compressed');
    }
    const sent = this.#body(opened, signal);
    const body = coding === undefined ? sent : decodedBody(sent, coding);
    return {
      status: opened.status,
      contentType: opened.first.header('content-type'),
      lengthBytes: coding === undefined ? opened.lengthBytes : undefined,
      contentRange: opened.status === 206 ? opened.first.header('content-range') : undefined,
      body,
      async [Symbol.asyncDispose]() {
        await body.return();
        // A body that was never read does not close its connection.
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
    const budget = new RetryBudget({ ...this.#options.policy, tries: 4, shortTries: 2 });
    for (;;) {
      const replies: HttpReply[] = [];
      const chunks = this.#attempt(async (live) => {
        const headers = range === undefined ? {} : { range: rangeHeader(range) };
        const reply = await this.#options.client.get(url, headers, live);
        replies.push(reply);
        return { reply, skipBytes: 0 };
      }, signal);
      try {
        const head = await chunks.next();
        const [first] = replies;
        if (first === undefined) throw new TypeError('a body without an answer');
        return { ...describe(first, range), url: first.url, first, head, chunks, range };
      } catch (error) {
        await chunks.return();
        signal.throwIfAborted();
        await budget.next(error, signal);
      }
    }
  }

  /** The rest of the body; if the length is known, a lost connection is replaced at the exact byte. */
  async *#body(opened: Opened, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const budget = new RetryBudget(this.#options.policy);
    const { lengthBytes } = opened;
    let { head, chunks } = opened;
    let at = 0;
    for (;;) {
      try {
        for (let step = head; !step.done; step = await chunks.next()) {
          at += step.value.length;
          yield step.value;
          budget.progressed();
        }
        if (lengthBytes === undefined || at >= lengthBytes) return;
        throw new UpstreamFailure('short', new AppError('SOURCE_FAILED', 'The server ended a segment too early'));
      } catch (error) {
        signal.throwIfAborted();
        if (lengthBytes === undefined) throw error;
        await budget.next(error, signal);
      } finally {
        await chunks.return();
      }
      chunks = this.#attempt((live) => this.#resume(opened, at, live), signal);
      head = EMPTY;
    }
  }

  /** Sends one request on one of the connections that the server allows. */
  async *#attempt(request: Request, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    using connection = await this.#options.connections.enter(HOLDER, signal);
    const open = async (live: AbortSignal): Promise<OpenBody> => {
      const { reply, skipBytes } = await request(live);
      const refusal = connection.refusal(reply);
      if (refusal === undefined) return { body: reply.body, skipBytes };
      reply.body.destroy();
      throw refusal;
    };
    try {
      yield* attempt(open, this.#options.policy.stallMs, signal);
      connection.complete();
    } catch (error) {
      connection.broke();
      throw error;
    }
  }

  async #resume(opened: Opened, at: number, signal: AbortSignal): Promise<Answer> {
    const start = (opened.range?.start ?? 0) + at;
    const end = (opened.range?.start ?? 0) + (opened.lengthBytes ?? 0);
    const reply = await this.#options.client.get(opened.url, { range: rangeHeader({ start, end }) }, signal);
    const etag = [opened.first.header('etag'), reply.header('etag')];
    const answered = parseContentRange(reply.header('content-range'))?.start;
    if (etag[0] === etag[1] && reply.status === 206 && answered === start) return { reply, skipBytes: 0 };
    if (etag[0] === etag[1] && reply.status === 200 && opened.range === undefined) return { reply, skipBytes: at };
    reply.body.destroy();
    if (etag[0] !== etag[1])
      throw new AppError('SOURCE_CHANGED', 'The segment on the server changed while it was being read');
    throw statusFailure(reply, true);
  }
}

interface Answer {
  reply: HttpReply;
  /** Bytes at the start of the body that were not requested. */
  skipBytes: number;
}

type Request = (signal: AbortSignal) => Promise<Answer>;

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

/** Status and length of a usable response. */
function describe(reply: HttpReply, range: Opened['range']): Pick<Opened, 'status' | 'lengthBytes'> {
  if (reply.status === 200) return { status: 200, lengthBytes: parseContentLength(reply.header('content-length')) };
  if (reply.status !== 206) throw statusFailure(reply, false);
  const answered = parseContentRange(reply.header('content-range'));
  if (answered === undefined || answered.start !== (range?.start ?? 0)) throw otherRanges();
  if (range !== undefined) return { status: 206, lengthBytes: answered.end - answered.start };
  // Some servers answer 206 with the whole file to a request without a range.
  if (answered.end !== (answered.sizeBytes ?? answered.end)) throw otherRanges();
  return { status: 200, lengthBytes: answered.end };
}
