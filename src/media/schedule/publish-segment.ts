// Makes one segment: a draft, a worker's job, the publication; nothing is left behind when one of them fails.
import { AppError } from '../../base/app-error.ts';
import type { ScheduledRendition } from '../plan/scheduled-rendition.ts';
import type { SegmentCache } from '../store/segment-cache.ts';
import type { SegmentJob, SegmentResult } from '../worker/protocol/protocol.ts';

export interface SegmentMaking {
  cache: SegmentCache;
  rendition: ScheduledRendition;
  number: number;
  run: (job: SegmentJob, signal: AbortSignal) => Promise<SegmentResult>;
}

/** Freed at once when the disk is full, so that the next segments need not evict again. */
const ROOM_BYTES = 64 * 2 ** 20;

/**
 * Resolves with the size in bytes when the segment is in the cache. A full disk is tried once more after an eviction.
 * @throws AppError DISK_FULL, WORKER_LOST, what the worker reports; the signal's reason
 */
export async function makeSegment(making: SegmentMaking, signal: AbortSignal): Promise<number> {
  try {
    return await makeOnce(making, signal);
  } catch (error) {
    const isDiskFull = error instanceof AppError && error.code === 'DISK_FULL';
    if (!isDiskFull || !(await making.cache.makeRoom(ROOM_BYTES))) throw error;
    return await makeOnce(making, signal);
  }
}

async function makeOnce({ cache, rendition, number, run }: SegmentMaking, signal: AbortSignal): Promise<number> {
  await using draft = await cache.draft(rendition, number);
  await run({ ...rendition.jobFor(number), outputPath: draft.outputPath }, signal);
  return await draft.publish();
}
