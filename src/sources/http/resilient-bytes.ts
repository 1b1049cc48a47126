// The bytes of a remote range, come what may: every lost or stalled connection is replaced at the exact byte.
import { AppError } from '../../base/app-error.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import { attempt } from './attempt.ts';
import type { RemoteFile } from './remote-file.ts';
import { Patience, type RetryPolicy } from './retry-policy.ts';
import { UpstreamFailure } from './upstream-failure.ts';

/**
 * Gives exactly the bytes of `range`, in chunks as they come. Leaving the loop closes the connection.
 * @throws AppError when the patience of the policy is at its end
 */
export async function* resilientBytes(
  remote: { file: RemoteFile; policy: RetryPolicy },
  range: ByteRange,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { file, policy } = remote;
  const patience = new Patience(policy);
  let at = range.start;
  while (at < range.end) {
    const rest = { start: at, end: range.end };
    try {
      for await (const chunk of attempt((live) => file.open(rest, live), policy.stallMs, signal)) {
        const bytes = chunk.subarray(0, range.end - at);
        at += bytes.length;
        yield bytes;
        patience.progressed();
        if (at >= range.end) return;
      }
      throw endedEarly(at, range.end);
    } catch (error) {
      signal.throwIfAborted();
      await patience.next(error, signal);
    }
  }
}

function endedEarly(at: number, end: number): UpstreamFailure {
  return new UpstreamFailure(
    'short',
    new AppError('SOURCE_FAILED', `The server ended the file at byte ${at} instead of ${end}`),
  );
}
