// Some servers ignore a range that has an end, and answer one that goes on to the end of the file. Films on them can be sought in.
import { ignore } from '../client/pulse.ts';
import { parseContentRange, rangeHeader } from '../client/content-range.ts';
import type { FirstContact, Server } from './first-contact.ts';
import type { HttpReply } from '../client/http-client.ts';

/** What is asked for lies at the end of the file, so that an answer is short. */
const TAIL_BYTES = 16 * 1024;
/** The film waits for this answer; a server that takes longer may answer one request after the other. */
const WAIT_MS = 2_000;

/**
 * Whether a server that ignored a range with an end answers one without. The first answer stays open: one that plays is not given up for one
 * that may not come.
 */
export async function answersOpenRanges(server: Server, contact: FirstContact, signal: AbortSignal): Promise<boolean> {
  const { sizeBytes, deniesRanges } = contact;
  if (sizeBytes === undefined || sizeBytes < 2 || deniesRanges || server.connections.isLimited) return false;
  const start = Math.max(1, sizeBytes - TAIL_BYTES);
  const live = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]);
  try {
    using connection = await server.connections.enter({ idleSince: () => undefined }, live);
    const reply = await server.client.get(contact.url, { range: rangeHeader({ start }) }, live);
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

/** Of what really comes of a range; it is read to its end, so that its connection can be used again. */
async function lengthOf({ status, body }: HttpReply): Promise<number> {
  let length = 0;
  if (status === 206) await body.receive((chunk) => (length += chunk.length) <= TAIL_BYTES).catch(ignore);
  else body.destroy();
  return length;
}
