// The first request to a server: how does it answer ranges, how large is the file, is it media at all?
import { AppError } from '../../../base/app-error.ts';
import { attempt, type OpenBody } from '../client/attempt.ts';
import { parseContentLength, parseContentRange, rangeHeader, type ContentRange } from '../client/content-range.ts';
import type { HttpClient, HttpReply } from '../client/http-client.ts';
import { otherRanges, type RangeStyle, type Validators } from '../client/remote-file.ts';
import { Patience, type RetryPolicy } from '../client/retry-policy.ts';
import type { Connection, ServerConnections } from '../client/server-connections.ts';
import { UpstreamFailure, statusFailure } from '../client/upstream-failure.ts';

/** Enough to tell what it is. */
export const HEAD_BYTES = 65_536;

/** Asked for at once: whoever opens a film reads on, and need not wait for another answer then. */
export const OPENING_BYTES = 5 * HEAD_BYTES;

/** Of a server that sends less than it states. */
const SHORTEST_HEAD_BYTES = 4_096;

export interface FirstContact extends Validators {
  /** After redirects. */
  url: URL;
  contentType: string | undefined;
  /** The values of `Content-Encoding`, which may be true or not. */
  contentEncoding: string[];
  /** Which ranges the server answers; undefined: none, as far as is known. */
  ranges: RangeStyle | undefined;
  /** The server says itself that it answers no ranges. */
  deniesRanges: boolean;
  /** The first bytes: HEAD_BYTES or a little more, or all there are; fewer where the server gives fewer at a time. */
  head: Uint8Array;
  /** What comes after `head`: of the first OPENING_BYTES where ranges are answered, else of the whole file. */
  rest: OpenedBody;
}

/** A body that comes once, in order. Owned by whoever holds it. */
export interface OpenedBody extends AsyncDisposable {
  chunks: AsyncGenerator<Uint8Array, void, undefined>;
}

export interface Server {
  client: HttpClient;
  url: URL;
  policy: RetryPolicy;
  connections: ServerConnections;
}

/** What is asked for: the opening, everything by a range without an end, or everything without a range. */
type Ask = 'opening' | 'open range' | 'whole';

const RANGES = {
  opening: { range: rangeHeader({ start: 0, end: OPENING_BYTES }) },
  'open range': { range: rangeHeader({ start: 0 }) },
  whole: {},
} as const satisfies Record<Ask, { range?: string }>;

/** A range that ends beyond the file, or that has an end at all, is too much for some servers. */
const RANGE_REFUSALS = new Set([400, 416, 501]);

/** An answer that says how to ask instead. */
interface AskAgain {
  next: Ask;
  /** Ranges are answered, only the size of the file was not said. */
  sawRanges: boolean;
}

/**
 * @throws AppError SOURCE_NOT_FOUND, SOURCE_FORBIDDEN, SOURCE_FAILED, SOURCE_STALLED, NOT_MEDIA (empty)
 */
export async function firstContact(server: Server, signal: AbortSignal): Promise<FirstContact> {
  const patience = new Patience(server.policy);
  let ask: Ask = 'opening';
  let sawRanges = false;
  for (;;) {
    try {
      const outcome = await tryContact({ ...server, ask, sawRanges }, signal);
      if (!('next' in outcome)) return outcome;
      ask = outcome.next;
      sawRanges ||= outcome.sawRanges;
    } catch (error) {
      signal.throwIfAborted();
      await patience.next(error, signal);
    }
  }
}

interface Contact extends Server {
  ask: Ask;
  sawRanges: boolean;
}

async function tryContact(contact: Contact, signal: AbortSignal): Promise<FirstContact | AskAgain> {
  const connection = await contact.connections.enter({ idleSince: () => undefined }, signal);
  // The body outlives the caller's signal when it becomes a source: it gets a life of its own.
  const life = new AbortController();
  const giveUp = (): void => life.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  const opened: { reply?: HttpReply } = {};
  const open = async (live: AbortSignal): Promise<OpenBody> => {
    const reply = await contact.client.get(contact.url, RANGES[contact.ask], live);
    opened.reply = reply;
    const refusal = connection.refusal(reply);
    if (refusal) {
      reply.body.destroy();
      throw refusal;
    }
    return { body: reply.body, skipBytes: 0 };
  };
  const chunks = attempt(open, contact.policy.stallMs, life.signal);
  let kept = false;
  try {
    const first = await chunks.next();
    if (opened.reply === undefined) throw new TypeError('a body without an answer');
    const facts = factsOf(opened.reply, contact);
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

type Facts = Omit<FirstContact, 'head' | 'rest'> & { answeredBytes: number | undefined };

function factsOf(reply: HttpReply, { ask, sawRanges }: Contact): Facts | AskAgain {
  const { status } = reply;
  const contentRange = reply.header('content-range');
  if (ask !== 'whole' && RANGE_REFUSALS.has(status) && !/\*\s*\/\s*0$/.test(contentRange?.trim() ?? ''))
    return { next: ask === 'opening' ? 'open range' : 'whole', sawRanges: false };
  if (status === 416) throw new AppError('NOT_MEDIA', 'The file is empty');
  if (status === 200) {
    const sizeBytes = parseContentLength(reply.header('content-length'));
    const ranges = sawRanges && sizeBytes !== undefined ? 'closed' : undefined;
    return { ...commonFacts(reply), sizeBytes, ranges, answeredBytes: sizeBytes };
  }
  if (status !== 206) throw statusFailure(reply, false);
  const range = parseContentRange(contentRange);
  // A total that is just the end of the range may be that of the answer.
  const isTotalKnown = range?.sizeBytes !== undefined && !(ask === 'opening' && range.sizeBytes === OPENING_BYTES);
  if (ask !== 'whole' && (range?.start !== 0 || !isTotalKnown)) return { next: 'whole', sawRanges: range?.start === 0 };
  if (range?.start !== 0) throw otherRanges();
  const ranges = styleOf(ask, sawRanges, range);
  return { ...commonFacts(reply), sizeBytes: range.sizeBytes, ranges, answeredBytes: range.end };
}

/** What an answer 206 shows. */
function styleOf(ask: Ask, sawRanges: boolean, { end, sizeBytes }: ContentRange): RangeStyle | undefined {
  if (sizeBytes === undefined) return undefined;
  if (ask === 'opening' || sawRanges) return 'closed';
  // The opening was refused because it ended beyond the file, or because it had an end.
  if (ask === 'open range') return sizeBytes <= OPENING_BYTES ? 'closed' : 'open';
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

/** Undefined: a range was answered without a byte. */
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
      // The signal first: it ends a `next` that is waiting, which `return` would queue behind.
      life.abort(new AppError('SOURCE_FAILED', 'The source is closed'));
      await chunks.return();
      connection[Symbol.dispose]();
    },
  };
}

/** Tells the connection how it ended, unless its reader ended it. */
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
