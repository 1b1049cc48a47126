// Learning what sources are, a few at a time: it must leave the workers to those who watch.
import { untilAborted } from '../../base/until-aborted.ts';
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
  readonly #looks: { file: Lane; endpoint: Lane };
  readonly #scans: Lane;

  constructor(options: LearningLanesOptions) {
    this.#run = options.run;
    this.#looks = { file: new Lane(options.looks.file), endpoint: new Lane(options.looks.endpoint) };
    this.#scans = new Lane(options.scans);
  }

  get waiting(): number {
    return this.#looks.file.waiting + this.#looks.endpoint.waiting + this.#scans.waiting;
  }

  readonly run: RunJob = async (job, signal) => {
    const lane = this.#laneOf(job);
    using _place = await lane?.enter(signal);
    return await this.#run(job, signal);
  };

  #laneOf(job: WorkerJob): Lane | undefined {
    if (job.kind === 'scan') return this.#scans;
    return job.kind === 'describe' || job.kind === 'verify' ? this.#looks[job.input.kind] : undefined;
  }
}

/** A number of places; whoever finds none waits in line. */
class Lane {
  #free: number;
  #line: PromiseWithResolvers<void>[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** A place; dispose it to leave. @throws the signal's reason */
  async enter(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    return { [Symbol.dispose]: () => this.#leave() };
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>();
    this.#line.push(turn);
    try {
      await untilAborted(turn.promise, signal);
    } catch (error) {
      // The turn may have come at the same moment: then it is passed on.
      if (this.#line.includes(turn)) this.#line = this.#line.filter((each) => each !== turn);
      else this.#leave();
      throw error;
    }
  }

  #leave(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#free += 1;
    else next.resolve();
  }
}
