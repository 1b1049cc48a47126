// The media workers of the server: a few shared ones for short jobs, exclusive ones for encoder runs, and a warm spare while there is work.
import { GIB } from '../../base/units.ts';
import { AppError } from '../../base/app-error.ts';
import type { RecordChild } from '../../base/forked-process.ts';
import { Semaphore } from '../../base/semaphore.ts';
import { IdleTimer } from './idle-timer.ts';
import { MediaWorker, type MediaWorkerOptions } from './media-worker.ts';
import type { SegmentJob, WorkerJob, WorkerResults } from '../worker/protocol/protocol.ts';

export interface WorkerPoolOptions {
  /** The worker's main module. */
  entry: URL;
  log: (line: string) => void;
  execArgv?: string[];
  env?: Record<string, string>;
  /** Called for every process that is started; `forget` of the result is called when the process has ended. */
  recordChild?: RecordChild;
  /** Processes for short jobs. Default 2. */
  sharedWorkers?: number;
  /** Jobs of a shared worker at a time; further jobs wait. Default 4. */
  jobsPerWorker?: number;
  /** A shared worker is replaced after this number of jobs, to return its memory. Default 500. */
  recycleAfterJobs?: number;
  /** Further attempts of a short job after its worker was lost. Default 2. */
  retries?: number;
  /** A worker is killed when its job is not answered after this time. */
  jobLimitMs?: (job: WorkerJob) => number;
  /** A worker that uses more is killed; a job that uses more alone fails. Default 4 GiB. */
  memoryLimitBytes?: number;
  /** The end of the bytes of a published source that are in the server's memory, from `start` on. Default: `start`. */
  bufferedUntil?: (url: string, start: number) => number;
  /** A worker that leaves three pings at this interval unanswered, and uses no processor time, is killed. Default 5 s. */
  pingMs?: number;
  /** Default 15 s. */
  startLimitMs?: number;
  /** Time for a cancelled job or a disposed worker to end before the process is killed. Default 2 s. */
  graceMs?: number;
  /** Niceness of exclusive workers. Default 5. */
  niceness?: number;
  /** After this time without jobs the workers end, but for one that is fresh. Default 30 s. */
  idleMs?: number;
}

export interface WorkerStats {
  /** Processes alive. */
  workers: number;
  /** Exclusive ones among them. */
  leased: number;
  /** Running short jobs. */
  running: number;
  /** Waiting short jobs. */
  queued: number;
  /** Processes that ended by themselves, or were killed for a fault. */
  lost: number;
}

/** An exclusive worker. Disposing ends it: a process that encoded is not used again. */
export interface WorkerLease extends AsyncDisposable {
  readonly pid: number | undefined;
  /** @throws AppError WORKER_LOST when the process is gone; the job is not retried */
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
  readonly #idle: IdleTimer;
  #spare: MediaWorker | undefined;
  #lost = 0;
  #isClosed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#workerOptions = { ...this.#options, env: options.env, recordChild: options.recordChild };
    this.#places = new Semaphore(this.#options.sharedWorkers * this.#options.jobsPerWorker);
    this.#idle = new IdleTimer(this.#options.idleMs, () => this.#endIdle());
    this.#shared.add(this.#fork());
  }

  /** Whether no short job runs or waits: time for work ahead of requests. */
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
   * Runs a short job on a shared worker; a scan runs on an exclusive one, because it would delay the others. When the worker crashes, the job
   * is retried, alone on a fresh worker: a job that kills workers fails other jobs at most once.
   * @throws AppError WORKER_LOST when the further attempts fail too, or what the worker reports; the signal's reason after an abort
   */
  async run<J extends WorkerJob>(job: J, signal: AbortSignal): Promise<WorkerResults[J['kind']]> {
    using _work = this.#idle.work();
    this.#keepSpare();
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

  /** An exclusive worker of lower priority. It is the spare, which is ready already. */
  lease({ readsAsynchronously = false } = {}): WorkerLease {
    const worker = this.#takeSpare();
    if (readsAsynchronously) worker.readAsynchronously();
    this.#leased.add(worker);
    const work = this.#idle.work();
    void worker.exited.then(() => work[Symbol.dispose]());
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

  /** Kills every worker and resolves when all have ended. Running jobs fail with WORKER_LOST. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#idle[Symbol.dispose]();
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

  /** The lost worker may have waited in a read where no message reached it: the next one does not read synchronously. */
  async #runAlone<J extends WorkerJob>(
    job: J,
    isRepeated: boolean,
    signal: AbortSignal,
  ): Promise<WorkerResults[J['kind']]> {
    signal.throwIfAborted();
    await using lease = this.lease({ readsAsynchronously: isRepeated });
    return await lease.run(job, signal);
  }

  /** The caller holds a place, so fewer workers run than allowed, or one of them has fewer jobs than allowed. */
  #leastLoaded(): MediaWorker {
    const best = this.#best();
    const running = [...this.#shared].filter((worker) => !worker.isGone).length;
    if (best && (best.load === 0 || running >= this.#options.sharedWorkers)) return best;
    const fresh = best ? this.#fork() : this.#takeSpare();
    this.#shared.add(fresh);
    return best ?? fresh;
  }

  /** A starting worker counts as busy: copying a segment takes less time than starting a process. */
  #best(): MediaWorker | undefined {
    let best: MediaWorker | undefined;
    for (const worker of this.#shared) {
      if (worker.isGone || worker.load >= this.#options.jobsPerWorker) continue;
      if (!best || cost(worker) < cost(best)) best = worker;
    }
    return best;
  }

  /** Memory that jobs took is given back; the next job finds a worker that is warm all the same. */
  #endIdle(): void {
    const fresh =
      [...this.#alive.keys()].findLast((worker) => worker.jobsTaken === 0 && !worker.isGone) ?? this.#fork();
    for (const worker of this.#alive.keys()) if (worker !== fresh) void worker[Symbol.asyncDispose]();
    this.#spare = undefined;
    this.#shared.clear();
    this.#shared.add(fresh);
  }

  /** A worker that has done many jobs gets no more, and ends after its last one. */
  #recycle(worker: MediaWorker): void {
    if (worker.jobsTaken < this.#options.recycleAfterJobs) return;
    this.#shared.delete(worker);
    if (worker.load === 0) void worker[Symbol.asyncDispose]();
  }

  #takeSpare(): MediaWorker {
    if (this.#isClosed) throw new AppError('WORKER_LOST', 'The media workers have been closed');
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
      // A spare that ended early would end early again: the next request for a worker tries again.
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

/** A spare that lived this long is replaced as soon as it ends. One that ends sooner may be unable to start: the next request for a worker tries again. */
const LASTING_MS = 5000;

const LOCAL_LIMIT_MS = 60_000;
const REMOTE_LIMIT_MS = 300_000;
const SCAN_FACTOR = 12;
const ENCODE_FACTOR = 2;
/** Pieces of clips are twice as long as segments, and are made at a lower priority. */
const CLIP_FACTOR = 5;

const DEFAULTS = {
  execArgv: [],
  sharedWorkers: 2,
  jobsPerWorker: 4,
  recycleAfterJobs: 500,
  retries: 2,
  memoryLimitBytes: 4 * GIB,
  pingMs: 5000,
  startLimitMs: 15_000,
  graceMs: 2000,
  niceness: 5,
  idleMs: 30_000,
  jobLimitMs: limitOf,
  bufferedUntil: (_url: string, start: number) => start,
};

/** A remote source may be slow without a fault: it has its own time limits and reports its own errors. */
function limitOf(job: WorkerJob): number {
  const isLocal = job.kind === 'encoder-header' || job.input.kind === 'file';
  const limitMs = isLocal ? LOCAL_LIMIT_MS : REMOTE_LIMIT_MS;
  if (job.kind === 'scan') return limitMs * SCAN_FACTOR;
  if (job.kind === 'clip-piece') return limitMs * CLIP_FACTOR;
  return job.kind === 'segment' && mayEncode(job) ? limitMs * ENCODE_FACTOR : limitMs;
}

/** Copied video is encoded in part when a segment must begin with an IDR picture and does not. */
function mayEncode({ video }: SegmentJob): boolean {
  return video !== undefined && (video.track.kind === 'encoded' || video.track.mustBeIdr);
}

function cost(worker: MediaWorker): number {
  return worker.load + (worker.isReady ? 0 : 1);
}
