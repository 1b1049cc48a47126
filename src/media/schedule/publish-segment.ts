// Makes one segment: a claim, a worker's job, the publication; nothing is left behind when one of them fails.
import { AppError } from '../../base/app-error.ts';
import type { ScheduledRendition } from '../plan/scheduled-rendition.ts';
import type { Segment, SegmentStore } from '../store/segment-store.ts';
import type { SegmentJob, SegmentResult } from '../worker/protocol/protocol.ts';

export interface SegmentWork {
  store: SegmentStore;
  rendition: ScheduledRendition;
  number: number;
  run: (job: SegmentJob, signal: AbortSignal) => Promise<SegmentResult>;
}

/** Freed at once when the disk is full, so that the next segments need not evict again. */
const ROOM_BYTES = 64 * 2 ** 20;

/**
 * Resolves with the segment, and with whether it was made by this call: another claimant may have been faster. A full disk is tried once more
 * after an eviction.
 * @throws AppError DISK_FULL, WORKER_LOST, what the worker reports; the signal's reason
 */
export async function publishSegment(
  work: SegmentWork,
  signal: AbortSignal,
): Promise<{ segment: Segment; isMade: boolean }> {
  try {
    return await publishOnce(work, signal);
  } catch (error) {
    const isDiskFull = error instanceof AppError && error.code === 'DISK_FULL';
    if (!isDiskFull || !(await work.store.makeRoom(ROOM_BYTES))) throw error;
    return await publishOnce(work, signal);
  }
}

async function publishOnce(
  { store, rendition, number, run }: SegmentWork,
  signal: AbortSignal,
): Promise<{ segment: Segment; isMade: boolean }> {
  const { segment, claim } = await store.claim(rendition, number, signal);
  if (segment) return { segment, isMade: false };
  await using held = claim;
  await run({ ...rendition.jobFor(number), outputPath: held.outputPath }, signal);
  return { segment: await held.publish(), isMade: true };
}
