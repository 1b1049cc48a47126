// One request and its body, watched for stalls: the bytes of a single connection, without second tries.
import { ChunkQueue } from './chunk-queue.ts';
import type { ReplyBody, TakeChunk } from './exchange.ts';
import { StallWatch } from './stall-watch.ts';

export interface OpenBody {
  body: ReplyBody;
  /** Bytes at the start of the body that nobody asked for. */
  skipBytes: number;
}

/** Made once: the trace of its origin costs more than all else of a small request. */
const READER_LEFT = new DOMException('The reader left', 'AbortError');

type Open = (signal: AbortSignal) => Promise<OpenBody>;

/**
 * Opens a body and hands over its chunks. Waiting for the answer and for each chunk is limited to `stallMs`; the time the
 * taker takes is not.
 * @throws UpstreamFailure `stalled`, what `open` and `take` throw, errors of the connection
 */
export async function receive(
  open: Open,
  take: TakeChunk,
  { stallMs, signal }: { stallMs: number; signal: AbortSignal },
): Promise<void> {
  using watch = new StallWatch(stallMs, signal);
  watch.arm();
  const { body, skipBytes } = await open(watch.signal);
  let skip = skipBytes;
  await body.receive((chunk) => {
    watch.arm();
    const wanted = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - wanted.length;
    const more = wanted.length === 0 || take(wanted);
    if (typeof more === 'boolean') return more;
    watch.rest();
    return more.then((isMore) => {
      watch.arm();
      return isMore;
    });
  });
}

/**
 * The same for whoever rather asks for the next chunk; the chunks are the reader's own. Leaving the loop closes the connection.
 * @throws as `receive`
 */
export async function* attempt(
  open: Open,
  stallMs: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const left = new AbortController();
  const queue = new ChunkQueue();
  const watched = { stallMs, signal: AbortSignal.any([signal, left.signal]) };
  const received = receive(open, (chunk) => queue.put(chunk), watched).then(
    () => queue.end(),
    (error: unknown) => queue.end({ error }),
  );
  try {
    for (let chunk = await queue.next(); chunk !== undefined; chunk = await queue.next()) {
      signal.throwIfAborted();
      yield chunk;
    }
  } finally {
    left.abort(READER_LEFT);
    await received;
  }
}
