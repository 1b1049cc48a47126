// One media worker process: forks it, speaks the protocol with it, notices when it hangs or dies, ends it.
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { AppError } from '../../base/app-error.ts';
import { ForkedProcess, type RecordChild } from '../../base/forked-process.ts';
import { SilenceWatch } from '../../base/silence-watch.ts';
import { MemoryWatch, offerToKernel } from './memory-watch.ts';
import { processorUse } from './processor-time.ts';
import { failureOf, isResultOf, parseReply } from './worker-messages.ts';
import type { WorkerJob, WorkerRequest, WorkerResults } from '../worker/protocol/protocol.ts';

export interface MediaWorkerOptions {
  /** The worker's main module. */
  entry: URL;
  execArgv: string[];
  /** Environment of the process; undefined: the server's own. */
  env: Record<string, string> | undefined;
  /** A worker that is not up after this long is killed. */
  startLimitMs: number;
  /** A cancelled job must be answered, and a dismissed worker be gone, after this long; then it is killed. */
  graceMs: number;
  /** How often a worker with jobs is asked whether it is there. */
  pingMs: number;
  /** A job not answered after this long has hung: its worker is killed. */
  jobLimitMs: (job: WorkerJob) => number;
  /** A worker with jobs that takes more is killed. */
  memoryLimitBytes: number;
  /** How far the bytes of a published source lie in this process's memory, from `start` on. */
  nearUntil: (url: string, start: number) => number;
  recordChild: RecordChild | undefined;
  log: (line: string) => void;
}

/** The media library writes a line for each damaged packet: no more of them than a person could read. */
const LINES_PER_SECOND = 20;
/** Questions a worker that does nothing may leave unanswered. */
const UNANSWERED_LIMIT = 3;

interface PendingJob {
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  signal: AbortSignal;
}

export class MediaWorker implements AsyncDisposable {
  /** Resolves when the process is gone, whatever ended it. Never rejects. */
  readonly exited: Promise<void>;
  readonly #options: MediaWorkerOptions;
  readonly #child: ForkedProcess;
  /** Resolves when it is up, or gone. */
  readonly #started = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  readonly #pending = new Map<number, PendingJob>();
  readonly #watch: SilenceWatch;
  readonly #memory: MemoryWatch;
  #lost: AppError | undefined;
  /** What the only job it ever had is told instead, when it is to blame. */
  #excess: AppError | undefined;
  #whyKilled: string | undefined;
  #fault: string | undefined;
  #wasReady = false;
  #isPatient = false;
  #load = 0;
  #jobsTaken = 0;
  #lastId = 0;

  constructor(options: MediaWorkerOptions) {
    this.#options = options;
    this.exited = this.#exited.promise;
    this.#child = new ForkedProcess({
      ...options,
      onMessage: (message) => this.#hear(message),
      linesPerSecond: LINES_PER_SECOND,
      onLine: (line) => options.log(`media worker ${this.pid}: ${line}`),
    });
    this.#watch = new SilenceWatch({
      ask: () => this.#send({ type: 'ping' }),
      onSilence: () => this.#killForFault('did not answer and did nothing'),
      everyMs: options.pingMs,
      unanswered: UNANSWERED_LIMIT,
      hasWorked: processorUse(this.#child.pid),
    });
    this.#memory = new MemoryWatch({
      pid: this.#child.pid,
      limitBytes: options.memoryLimitBytes,
      onExcess: () => this.#killForMemory(),
    });
    if (this.#child.pid !== undefined) offerToKernel(this.#child.pid);
    const startLimit = setTimeout(
      () => this.#killForFault(`was not up after ${options.startLimitMs} ms`),
      options.startLimitMs,
    );
    void this.#started.promise.then(() => clearTimeout(startLimit));
    void this.#child.exited.then((how) => this.#end(how));
  }

  /** Undefined when the process could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isReady(): boolean {
    return this.#wasReady && !this.isGone;
  }

  /** How it ended, when nobody had asked for it. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Whether it takes no more jobs: it has ended, or was told to. */
  get isGone(): boolean {
    return this.#lost !== undefined || this.#whyKilled !== undefined;
  }

  /** Jobs it has and has not answered yet. */
  get load(): number {
    return this.#load;
  }

  get jobsTaken(): number {
    return this.#jobsTaken;
  }

  /**
   * Has the job done. After an abort the promise settles only when the worker has let go of the job (or is dead), so that nobody else
   * writes where the job would have written; a job finished nevertheless is still a result.
   * @throws AppError WORKER_LOST when the process ended, or what the worker reports; the signal's reason after an abort
   */
  async run<J extends WorkerJob>(job: J, signal: AbortSignal): Promise<WorkerResults[J['kind']]> {
    signal.throwIfAborted();
    this.#load += 1;
    this.#jobsTaken += 1;
    try {
      await this.#started.promise;
      signal.throwIfAborted();
      const result = await this.#ask(job, signal);
      if (!isResultOf<J['kind']>(job.kind, result))
        throw new AppError('INTERNAL', `A media worker answered a ${job.kind} job with something else.`);
      return result;
    } finally {
      this.#load -= 1;
    }
  }

  /** Lets others go first on a busy machine. The threads a process has already do not follow its priority on Linux, so each is told. */
  lowerPriority(niceness: number): void {
    const { pid } = this;
    if (pid === undefined || this.isGone) return;
    for (const id of [pid, ...threadsOf(pid)]) {
      try {
        setPriority(id, niceness);
      } catch {
        // Ended meanwhile, or not allowed here: priority is a courtesy.
      }
    }
  }

  /** From now on it reads no remote bytes at once: whatever it waits for, it hears what it is told. */
  bePatient(): void {
    this.#isPatient = true;
  }

  /** Ends the process at once; its jobs fail with WORKER_LOST. */
  kill(why: string): void {
    if (this.#lost) return;
    this.#whyKilled ??= why;
    this.#child.kill();
  }

  /** Ends the process: politely when it is idle, at once when it works or starts, because the CPU belongs to somebody else then. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#load > 0 || !this.#wasReady) this.kill('was not needed any more');
    else if (!this.isGone) {
      this.#whyKilled = 'was not needed any more';
      const grace = setTimeout(() => this.#child.kill(), this.#options.graceMs);
      void this.exited.then(() => clearTimeout(grace));
      this.#child.disconnect();
    }
    await this.exited;
  }

  #ask(job: WorkerJob, signal: AbortSignal): Promise<unknown> {
    if (this.#lost) throw this.#lost;
    if (this.#whyKilled !== undefined) throw lost(`A media worker ${this.#whyKilled}.`);
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const limitMs = this.#options.jobLimitMs(job);
    const limit = setTimeout(
      () => this.#killForFault(`did not finish a ${job.kind} job within ${limitMs} ms`),
      limitMs,
    );
    let grace: NodeJS.Timeout | undefined;
    const cancel = (): void => {
      this.#send({ type: 'cancel', id });
      grace = setTimeout(() => this.#killForFault(`did not let go of a ${job.kind} job`), this.#options.graceMs);
    };
    this.#pending.set(id, { resolve, reject, signal });
    this.#watch.start();
    this.#memory.start();
    signal.addEventListener('abort', cancel, { once: true });
    this.#send({ type: 'job', id, job });
    return promise.finally(() => {
      clearTimeout(limit);
      clearTimeout(grace);
      signal.removeEventListener('abort', cancel);
      if (this.#pending.size > 0) return;
      this.#watch.stop();
      this.#memory.stop();
    });
  }

  #killForFault(why: string): void {
    this.#fault ??= `A media worker ${why}.`;
    this.kill(why);
  }

  /** Whose fault it is, is only certain of the first job on a fresh worker; any other is tried again on one. */
  #killForMemory(): void {
    const mebibytes = Math.round(this.#options.memoryLimitBytes / 2 ** 20);
    if (this.#jobsTaken === 1) {
      const hint = 'RAFFI_WORKER_MEMORY allows more.';
      const sentence = `This film takes more memory than a film may have, which is ${mebibytes} MiB.`;
      this.#excess = new AppError('UNSUPPORTED_MEDIA', sentence, { hint });
    }
    this.#killForFault(`took more than ${mebibytes} MiB of memory`);
  }

  #send(request: WorkerRequest): void {
    // Where it is lost the process is ending, and its exit settles the jobs.
    this.#child.send(request);
  }

  #hear(message: unknown): void {
    const reply = parseReply(message);
    if (!reply) return this.#killForFault('said something that is not in the protocol');
    this.#watch.heard();
    if (reply.type === 'here') return;
    if (reply.type === 'ask-near') return this.#answerNear(reply);
    if (reply.type === 'ready') {
      this.#wasReady = true;
      return this.#started.resolve();
    }
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.type === 'done') pending?.resolve(reply.result);
    else pending?.reject(pending.signal.aborted ? pending.signal.reason : failureOf(reply));
  }

  #answerNear({ id, url, start }: { id: number; url: string; start: number }): void {
    this.#send({ type: 'near', id, end: this.#isPatient ? start : this.#options.nearUntil(url, start) });
  }

  #end(how: string): void {
    if (this.#whyKilled === undefined) this.#fault = `A media worker ended by itself (${how}).`;
    this.#lost = lost(this.#fault ?? `A media worker ${this.#whyKilled}.`);
    const error = this.#excess ?? this.#lost;
    for (const { reject, signal } of this.#pending.values()) reject(signal.aborted ? signal.reason : error);
    this.#pending.clear();
    this.#started.resolve();
    this.#exited.resolve();
  }
}

/** How a process of ours ended is for the log; a person is told what it means for the film. */
function lost(how: string): AppError {
  return new AppError('WORKER_LOST', 'The media library failed on this source.', { cause: new Error(how) });
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}
