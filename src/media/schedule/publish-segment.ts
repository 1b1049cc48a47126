// Makes one segment: claims it, runs the job on a worker, publishes the file. A failure at any step leaves no file behind.
import { MIB } from '../../base/units.ts';
import { AppError } from '../../base/app-error.ts';
import type { ScheduledRendition } from '../plan/scheduled-rendition.ts';
import type { Segment, SegmentStore } from '../store/segment-store.ts';
import { segmentFields, type SegmentLog } from './segment-log.ts';
import type { SegmentJob, SegmentResult } from '../worker/protocol/protocol.ts';

export interface SegmentWork {
  store: SegmentStore;
  rendition: ScheduledRendition;
  number: number;
  log: SegmentLog;
  run: (job: SegmentJob, signal: AbortSignal) => Promise<SegmentResult>;
}

/** Bytes freed when the disk is full: enough that the next segments need no eviction. */
const ROOM_BYTES = 64 * MIB;

/**
 * Resolves with the segment, and with the time that this call took to make it; undefined when another claimant has made it. After a full disk,
 * evicts segments and retries once.
 * @throws AppError DISK_FULL, WORKER_LOST, what the worker reports; the signal's reason
 */
export async function publishSegment(
  work: SegmentWork,
  signal: AbortSignal,
): Promise<{ segment: Segment; madeInMs: number | undefined }> {
  try {
    return await publishOnce(work, signal);
  } catch (error) {
    const isDiskFull = error instanceof AppError && error.code === 'DISK_FULL';
    if (!isDiskFull || !(await work.store.makeRoom(ROOM_BYTES))) throw error;
    return await publishOnce(work, signal);
  }
}

async function publishOnce(
  { store, rendition, number, run, log }: SegmentWork,
  signal: AbortSignal,
): Promise<{ segment: Segment; madeInMs: number | undefined }> {
  const fields = segmentFields(rendition, number);
  const { segment, claim } = await store.claim(rendition, number, signal);
  if (segment) {
    log.debug(fields, 'segment was made by another claimant');
    return { segment, madeInMs: undefined };
  }
  await using held = claim;
  const startedMs = performance.now();
  log.debug({ ...fields, work: rendition.work }, 'segment claimed, job sent to a worker');
  await run({ ...rendition.jobFor(number), outputPath: held.outputPath }, signal);
  const made = await held.publish();
  const madeInMs = Math.round(performance.now() - startedMs);
  log.debug({ ...fields, sizeBytes: made.sizeBytes, madeInMs }, 'segment published');
  return { segment: made, madeInMs };
}
