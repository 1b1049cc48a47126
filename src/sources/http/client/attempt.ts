// One request and its response body on a single connection, with stall detection and without retries.
import { ChunkQueue } from './chunk-queue.ts';
import type { ReplyBody, TakeChunk } from './exchange.ts';
import { StallWatch } from './stall-watch.ts';

export interface OpenBody {
  body: ReplyBody;
  /** Bytes at the start of the body that were not requested. */
  skipBytes: number;
}

/** Made once: capturing the stack trace costs more than the rest of a small request. */
const READER_LEFT = new DOMException('The reader left', 'AbortError');

type Open = (signal: AbortSignal) => Promise<OpenBody>;

/**
 * Opens a body and passes its chunks to `take`. The wait for the response and for each chunk is limited to `stallMs`; the
 * time that `take` needs is not.
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
 * The same as an iterator; the chunks are copies that belong to the reader. Leaving the loop closes the connection.
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
