// Learning what sources are, a few at a time: it must leave the workers to those who watch.
import { Semaphore } from '../../base/semaphore.ts';
import type { RunJob } from '../pool/run-job.ts';
import type { WorkerJob } from '../worker/protocol/protocol.ts';

export interface LearningLanesOptions {
  run: RunJob;
  /** Looks at headers and keyframes of files, and of remote sources, which may be slow: some of the places the shared workers have. */
  looks: { file: number; endpoint: number };
  /** Scans at a time: each has a process of its own, and reads the whole source. */
  scans: number;
}

/** Passes jobs on to the workers. Those that make segments never wait here. */
export class LearningLanes {
  readonly #run: RunJob;
  readonly #looks: { file: Semaphore; endpoint: Semaphore };
  readonly #scans: Semaphore;

  constructor(options: LearningLanesOptions) {
    this.#run = options.run;
    this.#looks = { file: new Semaphore(options.looks.file), endpoint: new Semaphore(options.looks.endpoint) };
    this.#scans = new Semaphore(options.scans);
  }

  get waiting(): number {
    return this.#looks.file.waiting + this.#looks.endpoint.waiting + this.#scans.waiting;
  }

  readonly run: RunJob = async (job, signal) => {
    const lane = this.#laneOf(job);
    using _place = await lane?.acquire(signal);
    return await this.#run(job, signal);
  };

  #laneOf(job: WorkerJob): Semaphore | undefined {
    if (job.kind === 'scan') return this.#scans;
    return job.kind === 'describe' || job.kind === 'verify' ? this.#looks[job.input.kind] : undefined;
  }
}
