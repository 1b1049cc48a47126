// Downloads a remote range with retries: a lost or stalled connection is replaced at the exact byte.
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import { receive } from './attempt.ts';
import type { SlotHolder } from './connection-slots.ts';
import type { TakeChunk } from './exchange.ts';
import type { RemoteFile } from './remote-file.ts';
import { RetryBudget, type RetryPolicy } from './retry-policy.ts';
import type { ServerConnections } from './server-connections.ts';
import { UpstreamFailure } from './upstream-failure.ts';

/**
 * Passes exactly the bytes of `range` to `take`, unless `take` has enough before. The holder may be asked to close its connection.
 * @throws AppError when the retries of the policy are exhausted; the signal's reason
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

/** The function that downloads ranges of one file. */
export function resilientFetch({ file, connections, policy }: ResilientFetchOptions): FetchRange {
  return async (range, take, { holder, signal }) => {
    const budget = new RetryBudget(policy);
    let at = range.start;
    let isEnough = false;
    const takeInside: TakeChunk = (chunk) => {
      const bytes = chunk.subarray(0, range.end - at);
      at += bytes.length;
      budget.progressed();
      const more = take(bytes);
      return typeof more === 'boolean' ? afterTake(more) : more.then(afterTake);
    };
    const afterTake = (isMore: boolean): boolean => {
      budget.progressed();
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
        await budget.next(error, signal);
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
