// Requests ranges of files from the HTTP server of a web seed.
import { MIB } from '../../base/units.ts';
import type { WebSeedPart } from './web-seed-files.ts';

/** A request that receives no byte for this long has failed. */
const STALL_MS = 20_000;
/** A server without ranges is accepted up to this offset in a file: each of its responses starts at byte 0. */
const MOST_SKIPPED_BYTES = 4 * MIB;

/** @throws Error when a server does not send the requested bytes; the signal's reason */
export async function fetchParts(parts: readonly WebSeedPart[], signal: AbortSignal): Promise<Uint8Array> {
  const fetched = await Promise.all(parts.map((part) => fetchPart(part, signal)));
  return fetched.length === 1 ? (fetched[0] ?? new Uint8Array()) : Buffer.concat(fetched);
}

async function fetchPart({ address, start, end }: WebSeedPart, signal: AbortSignal): Promise<Uint8Array> {
  if (address === undefined) return new Uint8Array(end - start);
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new Error('the web seed does not answer')), STALL_MS);
  try {
    const headers = { range: `bytes=${start}-${end - 1}`, 'accept-encoding': 'identity', 'user-agent': 'Raffi' };
    const reply = await fetch(address, { headers, signal: AbortSignal.any([signal, stalled.signal]) });
    const skipBytes = skippedBytes(reply, start);
    return await readBody(reply, { skipBytes, sizeBytes: end - start }, () => timer.refresh());
  } finally {
    clearTimeout(timer);
  }
}

/** Number of bytes of the body before the first requested byte. */
function skippedBytes({ status, headers }: Response, start: number): number {
  if (status === 200 && start <= MOST_SKIPPED_BYTES) return start;
  if (status === 200) throw new Error('the web seed does not answer ranges');
  if (status !== 206) throw new Error(`the web seed answers ${status}`);
  const first = /^bytes (\d+)-/u.exec(headers.get('content-range') ?? '')?.[1] ?? start;
  if (Number(first) !== start) throw new Error('the web seed answers another range');
  return 0;
}

/** Reads `sizeBytes` after `skipBytes`; the rest of a longer body is not read. */
async function readBody(
  { body }: Response,
  { skipBytes, sizeBytes }: { skipBytes: number; sizeBytes: number },
  onChunk: () => void,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  const chunks: AsyncIterable<Uint8Array> = body ?? new Blob().stream();
  let at = -skipBytes;
  for await (const chunk of chunks) {
    onChunk();
    const wanted = chunk.subarray(Math.max(0, -at), sizeBytes - at);
    if (at + chunk.length > 0) bytes.set(wanted, Math.max(0, at));
    at += chunk.length;
    if (at >= sizeBytes) return bytes;
  }
  throw new Error('the web seed ended its answer too early');
}
