// Downloads a small file as a whole, with a size limit: for example a `.torrent` file.
import { AppError } from '../../../base/app-error.ts';
import { attempt } from '../client/attempt.ts';
import { decodedText } from '../client/content-coding.ts';
import type { HttpClient, HttpReply } from '../client/http-client.ts';
import { RetryBudget, type RetryPolicy } from '../client/retry-policy.ts';
import { statusFailure } from '../client/upstream-failure.ts';

export interface FileServer {
  client: HttpClient;
  url: URL;
  policy: RetryPolicy;
}

/**
 * @throws AppError SOURCE_NOT_FOUND, SOURCE_FORBIDDEN, SOURCE_FAILED, SOURCE_STALLED; SOURCE_UNUSABLE for more than `maxBytes`
 */
export async function fetchSmallFile(server: FileServer, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const budget = new RetryBudget(server.policy);
  for (;;) {
    try {
      return await tryFetch(server, maxBytes, signal);
    } catch (error) {
      signal.throwIfAborted();
      await budget.next(error, signal);
    }
  }
}

async function tryFetch(
  { client, url, policy }: FileServer,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let encodings: string[] = [];
  const open = async (live: AbortSignal) => {
    const reply = await client.get(url, {}, live);
    assertWhole(reply);
    encodings = reply.headers('content-encoding');
    return { body: reply.body, skipBytes: 0 };
  };
  const tooLarge = new AppError('SOURCE_UNUSABLE', 'The server sent more than such a file can hold');
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of attempt(open, policy.stallMs, signal)) {
    parts.push(chunk);
    length += chunk.length;
    if (length > maxBytes) throw tooLarge;
  }
  return decodedText(Buffer.concat(parts), encodings, { maxBytes, tooLarge });
}

function assertWhole(reply: HttpReply): void {
  if (reply.status === 200) return;
  reply.body.destroy();
  throw statusFailure(reply, false);
}
