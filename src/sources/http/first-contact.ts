// The first request to a server: does it answer ranges, how large is the file, is it media at all?
import { AppError } from '../../base/app-error.ts';
import { attempt, type OpenBody } from './attempt.ts';
import { parseContentLength, parseContentRange, rangeHeader } from './content-range.ts';
import type { HttpClient, HttpReply } from './http-client.ts';
import type { Validators } from './remote-file.ts';
import { Patience, type RetryPolicy } from './retry-policy.ts';
import { UpstreamFailure, statusFailure } from './upstream-failure.ts';

/** Enough to tell what it is. */
export const HEAD_BYTES = 65_536;

/** Asked for at once: whoever opens a film reads on, and need not wait for another answer then. */
export const OPENING_BYTES = 5 * HEAD_BYTES;

export interface FirstContact extends Validators {
  /** After redirects. */
  url: URL;
  contentType: string | undefined;
  answersRanges: boolean;
  /** The first bytes: HEAD_BYTES or a little more, or all there are. */
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
}

/**
 * @throws AppError SOURCE_NOT_FOUND, SOURCE_FORBIDDEN, SOURCE_FAILED, SOURCE_STALLED, NOT_MEDIA (empty)
 */
export async function firstContact(server: Server, signal: AbortSignal): Promise<FirstContact> {
  const patience = new Patience(server.policy);
  let ranged = true;
  for (;;) {
    try {
      const contact = await tryContact({ ...server, ranged }, signal);
      if (contact !== undefined) return contact;
      // It claims to answer ranges and does not: ask again without.
      ranged = false;
    } catch (error) {
      signal.throwIfAborted();
      await patience.next(error, signal);
    }
  }
}

interface Contact extends Server {
  /** Whether to ask for a range. */
  ranged: boolean;
}

async function tryContact(contact: Contact, signal: AbortSignal): Promise<FirstContact | undefined> {
  // The body outlives the caller's signal when it becomes a source: it gets a life of its own.
  const life = new AbortController();
  const giveUp = (): void => life.abort(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  const opened: { reply?: HttpReply } = {};
  const open = async (live: AbortSignal): Promise<OpenBody> => {
    opened.reply = await contact.client.get(contact.url, contact.ranged ? RANGE : {}, live);
    return { body: opened.reply.body, skipBytes: 0 };
  };
  const chunks = attempt(open, contact.policy.stallMs, life.signal);
  let kept = false;
  try {
    const first = await chunks.next();
    if (opened.reply === undefined) throw new TypeError('a body without an answer');
    const facts = factsOf(opened.reply);
    if (facts === undefined) return undefined;
    const head = await readHead(first, chunks, facts.sizeBytes);
    kept = true;
    return { ...facts, answersRanges: opened.reply.status === 206, head, rest: openedBody(chunks, life) };
  } finally {
    signal.removeEventListener('abort', giveUp);
    if (!kept) await chunks.return();
  }
}

const RANGE = { range: rangeHeader({ start: 0, end: OPENING_BYTES }) };

/** Undefined: the answer to the range makes no sense. */
function factsOf(reply: HttpReply): Omit<FirstContact, 'answersRanges' | 'head' | 'rest'> | undefined {
  const { status, url } = reply;
  if (status === 416) throw new AppError('NOT_MEDIA', 'The file is empty');
  if (status !== 200 && status !== 206) throw statusFailure(status, false);
  const encoding = reply.header('content-encoding') ?? 'identity';
  if (encoding !== 'identity') throw new AppError('SOURCE_UNUSABLE', 'The server only sends the file compressed');
  const common = {
    url,
    etag: reply.header('etag'),
    lastModified: reply.header('last-modified'),
    contentType: reply.header('content-type'),
  };
  if (status === 200) return { ...common, sizeBytes: parseContentLength(reply.header('content-length')) };
  const range = parseContentRange(reply.header('content-range'));
  if (range?.start !== 0 || range.sizeBytes === undefined) return undefined;
  return { ...common, sizeBytes: range.sizeBytes };
}

async function readHead(
  first: IteratorResult<Uint8Array, void>,
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  sizeBytes: number | undefined,
): Promise<Uint8Array> {
  const wanted = Math.min(HEAD_BYTES, sizeBytes ?? HEAD_BYTES);
  const parts: Uint8Array[] = [];
  let length = 0;
  let step = first;
  while (!step.done) {
    parts.push(step.value);
    length += step.value.length;
    if (length >= wanted) break;
    step = await chunks.next();
  }
  if (length === 0) throw new AppError('NOT_MEDIA', 'The file is empty');
  if (sizeBytes !== undefined && length < wanted) {
    throw new UpstreamFailure(
      'short',
      new AppError('SOURCE_FAILED', `The server ended the file at byte ${length} instead of ${sizeBytes}`),
    );
  }
  return Buffer.concat(parts);
}

function openedBody(chunks: AsyncGenerator<Uint8Array, void, undefined>, life: AbortController): OpenedBody {
  return {
    chunks,
    async [Symbol.asyncDispose]() {
      // The signal first: it ends a `next` that is waiting, which `return` would queue behind.
      life.abort(new AppError('SOURCE_FAILED', 'The source is closed'));
      await chunks.return();
    },
  };
}
