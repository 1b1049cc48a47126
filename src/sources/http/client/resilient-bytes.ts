// The bytes of a remote range, come what may: every lost or stalled connection is replaced at the exact byte.
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import { receive } from './attempt.ts';
import type { SlotHolder } from './connection-slots.ts';
import type { TakeChunk } from './exchange.ts';
import type { RemoteFile } from './remote-file.ts';
import { Patience, type RetryPolicy } from './retry-policy.ts';
import type { ServerConnections } from './server-connections.ts';
import { UpstreamFailure } from './upstream-failure.ts';

/**
 * Hands over exactly the bytes of `range`, unless `take` has enough before. The holder may be asked to give its connection up.
 * @throws AppError when the patience of the policy is at its end; the signal's reason
 */
export type FetchRange = (range: ByteRange, take: TakeChunk, how: FetchHow) => Promise<void>;

export interface FetchHow {
  holder: SlotHolder;
  signal: AbortSignal;
}

export interface ResilientFetchOptions {
  file: RemoteFile;
  connections: ServerConnections;
  policy: RetryPolicy;
}

/** The fetching of one file. */
export function resilientFetch({ file, connections, policy }: ResilientFetchOptions): FetchRange {
  return async (range, take, { holder, signal }) => {
    const patience = new Patience(policy);
    let at = range.start;
    let isEnough = false;
    const takeInside: TakeChunk = (chunk) => {
      const bytes = chunk.subarray(0, range.end - at);
      at += bytes.length;
      patience.progressed();
      const more = take(bytes);
      return typeof more === 'boolean' ? goOn(more) : more.then(goOn);
    };
    const goOn = (isMore: boolean): boolean => {
      patience.progressed();
      isEnough = !isMore || at >= range.end;
      return !isEnough;
    };
    const tryOnce = async (): Promise<void> => {
      using connection = await connections.enter(holder, signal);
      const rest = { start: at, end: range.end };
      try {
        await receive((live) => file.open(rest, connection, live), takeInside, { stallMs: policy.stallMs, signal });
        if (at >= range.end && !file.isOpenEnded) connection.complete();
      } catch (error) {
        if (!signal.aborted) connection.broke();
        throw error;
      }
      if (!isEnough) throw endedEarly(at, range.end);
    };
    while (at < range.end && !isEnough) {
      try {
        await tryOnce();
      } catch (error) {
        signal.throwIfAborted();
        await patience.next(error, signal);
      }
    }
  };
}

function endedEarly(at: number, end: number): UpstreamFailure {
  return new UpstreamFailure(
    'short',
    new AppError('SOURCE_FAILED', `The server ended the file at byte ${at} instead of ${end}`),
  );
}
