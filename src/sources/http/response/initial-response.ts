// The first request for a source: which ranges the server supports, the size of the file, and its first bytes.
import { AppError } from '../../../base/app-error.ts';
import { attempt, type OpenBody } from '../client/attempt.ts';
import { parseContentLength, parseContentRange, rangeHeader, type ContentRange } from '../client/content-range.ts';
import type { HttpClient, HttpReply } from '../client/http-client.ts';
import { otherRanges, type RangeStyle, type Validators } from '../client/remote-file.ts';
import { RetryBudget, type RetryPolicy } from '../client/retry-policy.ts';
import type { Connection, ServerConnections } from '../client/server-connections.ts';
import { UpstreamFailure, statusFailure } from '../client/upstream-failure.ts';

/** Enough to recognize the content. */
export const HEAD_BYTES = 65_536;

/** Length of the first request: a reader that opens the source reads on, and needs no second response for that. */
export const OPENING_BYTES = 5 * HEAD_BYTES;

/** The least head of a server that sends fewer bytes than it states. */
const SHORTEST_HEAD_BYTES = 4_096;

export interface InitialResponse extends Validators {
  /** The URL after redirects. */
  url: URL;
  contentType: string | undefined;
  /** The values of `Content-Encoding`, which may be wrong. */
  contentEncoding: string[];
  /** Which ranges the server supports; undefined: none, as far as is known. */
  ranges: RangeStyle | undefined;
  /** The server states that it supports no ranges (`Accept-Ranges: none`). */
  deniesRanges: boolean;
  /** The first bytes: HEAD_BYTES or a little more, or the whole file; fewer when the server sends fewer at a time. */
  head: Uint8Array;
  /** The bytes after `head`: of the first OPENING_BYTES when ranges are supported, else of the whole file. */
  rest: OpenedBody;
}

/** A body that is read once, in order. The holder owns it. */
export interface OpenedBody extends AsyncDisposable {
  chunks: AsyncGenerator<Uint8Array, void, undefined>;
}

export interface Server {
  client: HttpClient;
  url: URL;
  policy: RetryPolicy;
  connections: ServerConnections;
}

/** The requested bytes: the opening, everything by a range without an end, or everything without a range. */
type RequestForm = 'opening' | 'open range' | 'whole';

const RANGES = {
  opening: { range: rangeHeader({ start: 0, end: OPENING_BYTES }) },
  'open range': { range: rangeHeader({ start: 0 }) },
  whole: {},
} as const satisfies Record<RequestForm, { range?: string }>;

/** Some servers refuse a range that ends beyond the file, or any range with an end. */
const RANGE_REFUSALS = new Set([400, 416, 501]);

/** The outcome of a response that calls for another form of the request. */
interface NextRequest {
  next: RequestForm;
  /** The server supports ranges, but did not state the size of the file. */
  sawRanges: boolean;
}

/**
 * @throws AppError SOURCE_NOT_FOUND, SOURCE_FORBIDDEN, SOURCE_FAILED, SOURCE_STALLED, NOT_MEDIA (empty)
 */
export async function requestInitialResponse(server: Server, signal: AbortSignal): Promise<InitialResponse> {
  const budget = new RetryBudget(server.policy);
  let form: RequestForm = 'opening';
  let sawRanges = false;
  for (;;) {
    try {
      const outcome = await tryRequest({ ...server, form, sawRanges }, signal);
      if (!('next' in outcome)) return outcome;
      form = outcome.next;
      sawRanges ||= outcome.sawRanges;
    } catch (error) {
      signal.throwIfAborted();
      await budget.next(error, signal);
    }
  }
}

interface Attempt extends Server {
  form: RequestForm;
  sawRanges: boolean;
}

async function tryRequest(request: Attempt, signal: AbortSignal): Promise<InitialResponse | NextRequest> {
  const connection = await request.connections.enter({ idleSince: () => undefined }, signal);
  // The body outlives the caller's signal when it becomes a source, so it gets a signal of its own.
  const life = new AbortController();
  const giveUp = (): void => life.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  const opened: { reply?: HttpReply } = {};
  const open = async (live: AbortSignal): Promise<OpenBody> => {
    const reply = await request.client.get(request.url, RANGES[request.form], live);
    opened.reply = reply;
    const refusal = connection.refusal(reply);
    if (refusal) {
      reply.body.destroy();
      throw refusal;
    }
    return { body: reply.body, skipBytes: 0 };
  };
  const chunks = attempt(open, request.policy.stallMs, life.signal);
  let kept = false;
  try {
    const first = await chunks.next();
    if (opened.reply === undefined) throw new TypeError('a body without an answer');
    const facts = factsOf(opened.reply, request);
    if ('next' in facts) return facts;
    const head = await readHead(first, chunks, facts);
    if (head === undefined) return { next: 'whole', sawRanges: false };
    kept = true;
    return { ...facts, head, rest: openedBody(chunks, life, connection) };
  } finally {
    signal.removeEventListener('abort', giveUp);
    if (!kept) {
      await chunks.return();
      connection[Symbol.dispose]();
    }
  }
}

type Facts = Omit<InitialResponse, 'head' | 'rest'> & { answeredBytes: number | undefined };

function factsOf(reply: HttpReply, { form, sawRanges }: Attempt): Facts | NextRequest {
  const { status } = reply;
  const contentRange = reply.header('content-range');
  if (form !== 'whole' && RANGE_REFUSALS.has(status) && !/\*\s*\/\s*0$/.test(contentRange?.trim() ?? ''))
    return { next: form === 'opening' ? 'open range' : 'whole', sawRanges: false };
  if (status === 416) throw new AppError('NOT_MEDIA', 'The file is empty');
  if (status === 200) {
    const sizeBytes = parseContentLength(reply.header('content-length'));
    const ranges = sawRanges && sizeBytes !== undefined ? 'closed' : undefined;
    return { ...commonFacts(reply), sizeBytes, ranges, answeredBytes: sizeBytes };
  }
  if (status !== 206) throw statusFailure(reply, false);
  const range = parseContentRange(contentRange);
  // A total equal to the end of the range may be the length of the response.
  const isTotalKnown = range?.sizeBytes !== undefined && !(form === 'opening' && range.sizeBytes === OPENING_BYTES);
  if (form !== 'whole' && (range?.start !== 0 || !isTotalKnown))
    return { next: 'whole', sawRanges: range?.start === 0 };
  if (range?.start !== 0) throw otherRanges();
  const ranges = styleOf(form, sawRanges, range);
  return { ...commonFacts(reply), sizeBytes: range.sizeBytes, ranges, answeredBytes: range.end };
}

/** The range style that a response 206 shows. */
function styleOf(form: RequestForm, sawRanges: boolean, { end, sizeBytes }: ContentRange): RangeStyle | undefined {
  if (sizeBytes === undefined) return undefined;
  if (form === 'opening' || sawRanges) return 'closed';
  // The opening was refused because it ended beyond the file, or because it had an end.
  if (form === 'open range') return sizeBytes <= OPENING_BYTES ? 'closed' : 'open';
  return end < sizeBytes ? 'closed' : undefined;
}

function commonFacts(reply: HttpReply) {
  return {
    url: reply.url,
    etag: reply.header('etag'),
    lastModified: reply.header('last-modified'),
    contentType: reply.header('content-type'),
    contentEncoding: reply.headers('content-encoding'),
    deniesRanges: reply.header('accept-ranges')?.trim().toLowerCase() === 'none',
  };
}

/** Undefined: the response to a range had no bytes. */
async function readHead(
  first: IteratorResult<Uint8Array, void>,
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  { sizeBytes, answeredBytes, ranges }: Facts,
): Promise<Uint8Array | undefined> {
  const wanted = Math.min(HEAD_BYTES, sizeBytes ?? HEAD_BYTES, answeredBytes ?? HEAD_BYTES);
  const parts: Uint8Array[] = [];
  let length = 0;
  let step = first;
  while (!step.done) {
    parts.push(step.value);
    length += step.value.length;
    if (length >= wanted) break;
    step = await chunks.next();
  }
  if (length === 0 && ranges !== undefined && sizeBytes !== 0) return undefined;
  if (length === 0) throw new AppError('NOT_MEDIA', 'The file is empty');
  const isEnough = length >= wanted || (ranges !== undefined && length >= SHORTEST_HEAD_BYTES);
  if (sizeBytes !== undefined && !isEnough) {
    throw new UpstreamFailure(
      'short',
      new AppError('SOURCE_FAILED', `The server ended the file at byte ${length} instead of ${sizeBytes}`),
    );
  }
  return Buffer.concat(parts);
}

function openedBody(
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  life: AbortController,
  connection: Connection,
): OpenedBody {
  return {
    chunks: watched(chunks, { connection, signal: life.signal }),
    async [Symbol.asyncDispose]() {
      // The signal is aborted first: it ends a pending `next`, which `return` would wait for.
      life.abort(new AppError('SOURCE_FAILED', 'The source is closed'));
      await chunks.return();
      connection[Symbol.dispose]();
    },
  };
}

/** Reports to the connection how the body ended, unless the reader ended it. */
async function* watched(
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  { connection, signal }: { connection: Connection; signal: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
    connection.complete();
  } catch (error) {
    if (!signal.aborted) connection.broke();
    throw error;
  }
}
