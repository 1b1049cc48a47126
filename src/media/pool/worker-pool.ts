// The media workers of the server: a few shared ones for short jobs, exclusive ones for encoder runs, and a spare that is always warm.
import { AppError } from '../../base/app-error.ts';
import type { RecordChild } from '../../base/forked-process.ts';
import { Semaphore } from '../../base/semaphore.ts';
import { MediaWorker, type MediaWorkerOptions } from './media-worker.ts';
import type { SegmentJob, WorkerJob, WorkerResults } from '../worker/protocol/protocol.ts';

export interface WorkerPoolOptions {
  /** The worker's main module. */
  entry: URL;
  log: (line: string) => void;
  execArgv?: string[];
  env?: Record<string, string>;
  /** Told of every process that is started; `forget` is called when it is gone. */
  recordChild?: RecordChild;
  /** Processes for short jobs. Default 2. */
  sharedWorkers?: number;
  /** Jobs a shared worker has at a time; more wait in line. Default 4. */
  jobsPerWorker?: number;
  /** A shared worker is replaced after so many jobs, for its memory. Default 500. */
  recycleAfterJobs?: number;
  /** Fresh workers a short job is given after its own was lost. Default 2. */
  retries?: number;
  /** A job not answered after this long has hung. */
  jobLimitMs?: (job: WorkerJob) => number;
  /** A worker that takes more is killed, and a job that does so alone fails. Default 4 GiB. */
  memoryLimitBytes?: number;
  /** How far the bytes of a published source lie in this process's memory, from `start` on. Default: nowhere. */
  bufferedUntil?: (url: string, start: number) => number;
  /** A worker that has not answered three questions, asked this far apart, and did nothing, has hung. Default 5 s. */
  pingMs?: number;
  /** Default 15 s. */
  startLimitMs?: number;
  /** How long a cancelled job or a dismissed worker may take before the process is killed. Default 2 s. */
  graceMs?: number;
  /** Niceness of exclusive workers. Default 5. */
  niceness?: number;
}

export interface WorkerStats {
  /** Processes alive. */
  workers: number;
  /** Exclusive ones among them. */
  leased: number;
  /** Short jobs being worked at. */
  running: number;
  /** Short jobs in line. */
  queued: number;
  /** Processes that ended without being told to, or were killed because they hung. */
  lost: number;
}

/** A worker of one's own. Ended when disposed: a process that encoded is not used again. */
export interface WorkerLease extends AsyncDisposable {
  readonly pid: number | undefined;
  /** @throws AppError WORKER_LOST when the process is gone; nothing is retried here */
  run<J extends WorkerJob>(job: J, signal: AbortSignal): Promise<WorkerResults[J['kind']]>;
}

export class WorkerPool implements AsyncDisposable {
  readonly #options: Required<Omit<WorkerPoolOptions, 'env' | 'recordChild'>>;
  readonly #workerOptions: MediaWorkerOptions;
  /** With the time each was forked. */
  readonly #alive = new Map<MediaWorker, number>();
  readonly #shared = new Set<MediaWorker>();
  readonly #leased = new Set<MediaWorker>();
  /** Places for jobs on shared workers; a worker that was replaced keeps those of its last jobs. */
  readonly #places: Semaphore;
  #spare: MediaWorker | undefined;
  #lost = 0;
  #isClosed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#workerOptions = { ...this.#options, env: options.env, recordChild: options.recordChild };
    this.#places = new Semaphore(this.#options.sharedWorkers * this.#options.jobsPerWorker);
    this.#shared.add(this.#fork());
    this.#keepSpare();
  }

  /** Whether nothing short is being done: a moment for work nobody waits for. */
  get isIdle(): boolean {
    return !this.#isClosed && this.#places.waiting === 0 && this.#runningJobs() === 0;
  }

  get stats(): WorkerStats {
    const { size: workers } = this.#alive;
    return {
      workers,
      leased: this.#leased.size,
      running: this.#runningJobs(),
      queued: this.#places.waiting,
      lost: this.#lost,
    };
  }

  /**
   * Does a short job on a shared worker (a scan on one of its own: it would hold up the others). A worker that dies under it is replaced
   * and the job done again, alone on a fresh worker, so that a job that kills workers takes no other with it twice.
   * @throws AppError WORKER_LOST when that was no use either, or what the worker reports; the signal's reason after an abort
   */
  async run<J extends WorkerJob>(job: J, signal: AbortSignal): Promise<WorkerResults[J['kind']]> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return attempt === 0 && job.kind !== 'scan'
          ? await this.#runShared(job, signal)
          : await this.#runAlone(job, attempt > 0, signal);
      } catch (error) {
        if (!isWorkerLost(error) || attempt >= this.#options.retries || this.#isClosed) throw error;
        signal.throwIfAborted();
      }
    }
  }

  /** An exclusive worker with a lower priority. Takes the spare, so that it is ready in no time. */
  lease({ isPatient = false } = {}): WorkerLease {
    const worker = this.#takeSpare();
    if (isPatient) worker.bePatient();
    this.#leased.add(worker);
    const { niceness } = this.#options;
    let isNice = false;
    return {
      pid: worker.pid,
      run: (job, signal) => {
        if (!isNice) worker.lowerPriority(niceness);
        isNice = true;
        return worker.run(job, signal);
      },
      [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
    };
  }

  /** Kills every worker and resolves when they are gone. Jobs under way fail with WORKER_LOST. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#alive.keys()];
    for (const worker of all) worker.kill('ends with the server');
    await Promise.all(all.map((worker) => worker.exited));
  }

  async #runShared<J extends WorkerJob>(job: J, signal: AbortSignal): Promise<WorkerResults[J['kind']]> {
    using _place = this.#places.tryAcquire() ?? (await this.#places.acquire(signal));
    const worker = this.#leastLoaded();
    try {
      return await worker.run(job, signal);
    } finally {
      this.#recycle(worker);
    }
  }

  /** A job that lost its worker may have waited where it could not be reached: the next one is patient. */
  async #runAlone<J extends WorkerJob>(
    job: J,
    isRepeated: boolean,
    signal: AbortSignal,
  ): Promise<WorkerResults[J['kind']]> {
    signal.throwIfAborted();
    await using lease = this.lease({ isPatient: isRepeated });
    return await lease.run(job, signal);
  }

  /** For a caller that holds a place: then fewer workers run than may, or one of them has fewer jobs than it may. */
  #leastLoaded(): MediaWorker {
    const best = this.#best();
    const running = [...this.#shared].filter((worker) => !worker.isGone).length;
    if (best && (best.load === 0 || running >= this.#options.sharedWorkers)) return best;
    const fresh = best ? this.#fork() : this.#takeSpare();
    this.#shared.add(fresh);
    return best ?? fresh;
  }

  /** One that is still starting counts as busy: a copied segment takes less time than a process needs to come up. */
  #best(): MediaWorker | undefined {
    let best: MediaWorker | undefined;
    for (const worker of this.#shared) {
      if (worker.isGone || worker.load >= this.#options.jobsPerWorker) continue;
      if (!best || cost(worker) < cost(best)) best = worker;
    }
    return best;
  }

  /** A worker with many jobs behind it gets no more, and is ended after its last one. */
  #recycle(worker: MediaWorker): void {
    if (worker.jobsTaken < this.#options.recycleAfterJobs) return;
    this.#shared.delete(worker);
    if (worker.load === 0) void worker[Symbol.asyncDispose]();
  }

  #takeSpare(): MediaWorker {
    if (this.#isClosed) throw new AppError('WORKER_LOST', 'The media workers have been closed.');
    const worker = this.#spare && !this.#spare.isGone ? this.#spare : this.#fork();
    this.#spare = undefined;
    this.#keepSpare();
    return worker;
  }

  #keepSpare(): void {
    if (this.#isClosed || this.#spare) return;
    this.#spare = this.#fork();
  }

  #fork(): MediaWorker {
    const worker = new MediaWorker(this.#workerOptions);
    this.#alive.set(worker, performance.now());
    void worker.exited.then(() => this.#forget(worker));
    return worker;
  }

  #forget(worker: MediaWorker): void {
    const livedMs = performance.now() - (this.#alive.get(worker) ?? 0);
    this.#alive.delete(worker);
    this.#shared.delete(worker);
    this.#leased.delete(worker);
    if (worker.fault !== undefined) {
      this.#lost += 1;
      this.#options.log(worker.fault);
    }
    if (this.#spare === worker) {
      this.#spare = undefined;
      // One that did not last would not last the second time either: the next who needs one tries again.
      if (livedMs > LASTING_MS) this.#keepSpare();
    }
  }

  #runningJobs(): number {
    return this.#shared.values().reduce((sum, worker) => sum + worker.load, 0);
  }
}

export function isWorkerLost(error: unknown): boolean {
  return error instanceof AppError && error.code === 'WORKER_LOST';
}

/** A spare that lived for so long died of something that may not come again. */
const LASTING_MS = 5000;

const LOCAL_LIMIT_MS = 60_000;
const REMOTE_LIMIT_MS = 300_000;
const SCAN_FACTOR = 12;
const ENCODE_FACTOR = 2;
/** Pieces of clips are twice as long as segments, and made at a lower priority. */
const CLIP_FACTOR = 5;

const DEFAULTS = {
  execArgv: [],
  sharedWorkers: 2,
  jobsPerWorker: 4,
  recycleAfterJobs: 500,
  retries: 2,
  memoryLimitBytes: 4 * 2 ** 30,
  pingMs: 5000,
  startLimitMs: 15_000,
  graceMs: 2000,
  niceness: 5,
  jobLimitMs: limitOf,
  bufferedUntil: (_url: string, start: number) => start,
};

/** Bytes from far away may be slow without anything being wrong: the source has its own time limits, and reports them. */
function limitOf(job: WorkerJob): number {
  const isLocal = job.kind === 'encoder-header' || job.input.kind === 'file';
  const limitMs = isLocal ? LOCAL_LIMIT_MS : REMOTE_LIMIT_MS;
  if (job.kind === 'scan') return limitMs * SCAN_FACTOR;
  if (job.kind === 'clip-piece') return limitMs * CLIP_FACTOR;
  return job.kind === 'segment' && mayEncode(job) ? limitMs * ENCODE_FACTOR : limitMs;
}

/** Of copied video too, where it has to begin with an IDR picture and does not. */
function mayEncode({ video }: SegmentJob): boolean {
  return video !== undefined && (video.track.kind === 'encoded' || video.track.mustBeIdr);
}

function cost(worker: MediaWorker): number {
  return worker.load + (worker.isReady ? 0 : 1);
}
