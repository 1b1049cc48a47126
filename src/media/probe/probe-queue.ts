// The queue of probe jobs: a few at a time, so that workers stay free for segments.
import { Semaphore } from '../../base/semaphore.ts';
import type { RunJob } from '../pool/run-job.ts';
import type { WorkerJob } from '../worker/protocol/protocol.ts';

export interface ProbeQueueOptions {
  run: RunJob;
  /** Jobs at a time that read headers and keyframes: of files, and of remote sources, which may be slow. Fewer than the places of shared workers. */
  reads: { file: number; endpoint: number };
  /** Scans at a time: each has its own process and reads the whole source. */
  scans: number;
}

/** Passes jobs on to the workers. Segment jobs do not go through this queue. */
export class ProbeQueue {
  readonly #run: RunJob;
  readonly #reads: { file: Semaphore; endpoint: Semaphore };
  readonly #scans: Semaphore;

  constructor(options: ProbeQueueOptions) {
    this.#run = options.run;
    this.#reads = { file: new Semaphore(options.reads.file), endpoint: new Semaphore(options.reads.endpoint) };
    this.#scans = new Semaphore(options.scans);
  }

  get waiting(): number {
    return this.#reads.file.waiting + this.#reads.endpoint.waiting + this.#scans.waiting;
  }

  readonly run: RunJob = async (job, signal) => {
    using _place = await this.#placesFor(job)?.acquire(signal);
    return await this.#run(job, signal);
  };

  #placesFor(job: WorkerJob): Semaphore | undefined {
    if (job.kind === 'scan') return this.#scans;
    return job.kind === 'describe' || job.kind === 'verify' ? this.#reads[job.input.kind] : undefined;
  }
}
