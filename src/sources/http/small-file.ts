// A small file from a server, all of it at once and with a cap: a `.torrent`, for one.
import { AppError } from '../../base/app-error.ts';
import { attempt } from './attempt.ts';
import type { Server } from './first-contact.ts';
import type { HttpReply } from './http-client.ts';
import { Patience } from './retry-policy.ts';
import { statusFailure } from './upstream-failure.ts';

/**
 * @throws AppError SOURCE_NOT_FOUND, SOURCE_FORBIDDEN, SOURCE_FAILED, SOURCE_STALLED; SOURCE_UNUSABLE when there is more than `maxBytes`
 */
export async function fetchSmallFile(server: Server, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const patience = new Patience(server.policy);
  for (;;) {
    try {
      return await tryFetch(server, maxBytes, signal);
    } catch (error) {
      signal.throwIfAborted();
      await patience.next(error, signal);
    }
  }
}

async function tryFetch({ client, url, policy }: Server, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const open = async (live: AbortSignal) => {
    const reply = await client.get(url, {}, live);
    assertWhole(reply);
    return { body: reply.body, skipBytes: 0 };
  };
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of attempt(open, policy.stallMs, signal)) {
    parts.push(chunk);
    length += chunk.length;
    if (length > maxBytes) throw new AppError('SOURCE_UNUSABLE', 'The server sent more than such a file can hold');
  }
  return Buffer.concat(parts);
}

function assertWhole(reply: HttpReply): void {
  if (reply.status === 200) return;
  reply.body.destroy();
  throw statusFailure(reply.status, false);
}
