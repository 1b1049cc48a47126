// One request and its body, watched for stalls: the bytes of a single connection, without second tries.
import type { Readable } from 'node:stream';

import { StallWatch } from './stall-watch.ts';

export interface OpenBody {
  body: Readable;
  /** Bytes at the start of the body that nobody asked for. */
  skipBytes: number;
}

/**
 * Opens a body and gives its chunks. Waiting for the answer and for each chunk is limited to `stallMs`; the time the
 * reader takes is not. Leaving the loop closes the connection.
 * @throws UpstreamFailure `stalled`, what `open` throws, errors of the stream
 */
export async function* attempt(
  open: (signal: AbortSignal) => Promise<OpenBody>,
  stallMs: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  using watch = new StallWatch(stallMs, signal);
  watch.arm();
  const { body, skipBytes } = await open(watch.signal);
  let skip = skipBytes;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    watch.rest();
    if (chunk.length > skip) yield chunk.subarray(skip);
    skip = Math.max(0, skip - chunk.length);
    watch.arm();
  }
}
