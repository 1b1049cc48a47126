// Segments without encoded video: each is one short job on a shared worker, cancelled when no request waits for the segment.
import { publishSegment } from './publish-segment.ts';
import type { ScheduledRendition } from '../plan/scheduled-rendition.ts';
import type { Segment, SegmentStore } from '../store/segment-store.ts';
import type { SegmentFlight } from './segment-flight.ts';
import type { SegmentLog } from './segment-log.ts';
import type { WorkerPool } from '../pool/worker-pool.ts';
import type { SegmentJob } from '../worker/protocol/protocol.ts';

export interface ShortJobsContext {
  store: SegmentStore;
  pool: WorkerPool;
  log: SegmentLog;
  onMade: (rendition: ScheduledRendition, number: number, segment: Segment) => void;
  onFailed: (rendition: ScheduledRendition, number: number, error: unknown) => void;
}

export class ShortJobs implements AsyncDisposable {
  readonly #context: ShortJobsContext;
  readonly #jobs = new Map<SegmentFlight, AbortController>();
  /** Includes cancelled jobs that have not ended yet. */
  readonly #working = new Set<Promise<void>>();

  constructor(context: ShortJobsContext) {
    this.#context = context;
  }

  start(flight: SegmentFlight): void {
    const controller = new AbortController();
    const done: Promise<void> = this.#make(flight, controller.signal).finally(() => {
      this.#working.delete(done);
      this.#jobs.delete(flight);
    });
    this.#working.add(done);
    this.#jobs.set(flight, controller);
  }

  cancel(flight: SegmentFlight): void {
    this.#jobs.get(flight)?.abort();
    this.#jobs.delete(flight);
  }

  /** Cancels all jobs; resolves when the last one has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const flight of [...this.#jobs.keys()]) this.cancel(flight);
    await Promise.all(this.#working);
  }

  async #make({ rendition, number }: SegmentFlight, signal: AbortSignal): Promise<void> {
    const { store, pool, log, onMade, onFailed } = this.#context;
    const run = (job: SegmentJob, jobSignal: AbortSignal) => pool.run(job, jobSignal);
    try {
      const { segment } = await publishSegment({ store, rendition, number, run, log }, signal);
      onMade(rendition, number, segment);
    } catch (error) {
      if (!signal.aborted) onFailed(rendition, number, error);
    }
  }
}
