// Some servers ignore a range with an end, but support a range to the end of the file. Sources on such servers are seekable.
import { ignore } from '../client/notifier.ts';
import { parseContentRange, rangeHeader } from '../client/content-range.ts';
import type { InitialResponse, Server } from './initial-response.ts';
import type { HttpReply } from '../client/http-client.ts';

/** The probe requests the end of the file, so that the response is short. */
const TAIL_BYTES = 16 * 1024;
/** The source is opened only after this response; a server that takes longer may serve requests one after the other. */
const WAIT_MS = 2_000;

/**
 * Whether a server that ignored a range with an end supports one without. The first response stays open: a response that plays is not closed for
 * one that may not come.
 */
export async function answersOpenRanges(
  server: Server,
  initial: InitialResponse,
  signal: AbortSignal,
): Promise<boolean> {
  const { sizeBytes, deniesRanges } = initial;
  if (sizeBytes === undefined || sizeBytes < 2 || deniesRanges || server.connections.isLimited) return false;
  const start = Math.max(1, sizeBytes - TAIL_BYTES);
  const live = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]);
  try {
    using connection = await server.connections.enter({ idleSince: () => undefined }, live);
    const reply = await server.client.get(initial.url, { range: rangeHeader({ start }) }, live);
    const answered = parseContentRange(reply.header('content-range'));
    const isRefused = connection.refusal(reply) !== undefined;
    const length = await lengthOf(reply);
    const isRange = reply.status === 206 && answered?.start === start && answered.sizeBytes === sizeBytes;
    return !isRefused && isRange && length === sizeBytes - start;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Reads the body of a range to its end, so that its connection can be reused. Returns its length. */
async function lengthOf({ status, body }: HttpReply): Promise<number> {
  let length = 0;
  if (status === 206) await body.receive((chunk) => (length += chunk.length) <= TAIL_BYTES).catch(ignore);
  else body.destroy();
  return length;
}
