// One media worker process: forks it, exchanges messages with it, detects when it hangs or dies, ends it.
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { MIB } from '../../base/units.ts';
import { AppError } from '../../base/app-error.ts';
import { ForkedProcess, type RecordChild } from '../../base/forked-process.ts';
import { SilenceWatch } from '../../base/silence-watch.ts';
import { MemoryWatch, preferForOomKill } from './memory-watch.ts';
import { processorUse } from './processor-time.ts';
import { failureOf, isResultOf, parseReply } from './worker-messages.ts';
import type { WorkerJob, WorkerRequest, WorkerResults } from '../worker/protocol/protocol.ts';

export interface MediaWorkerOptions {
  /** The worker's main module. */
  entry: URL;
  execArgv: string[];
  /** Environment of the process; undefined: the server's own. */
  env: Record<string, string> | undefined;
  /** A worker that is not ready after this time is killed. */
  startLimitMs: number;
  /** A worker is killed when a cancelled job is not answered, or a disposed worker has not ended, after this time. */
  graceMs: number;
  /** Interval of pings to a worker that has jobs. */
  pingMs: number;
  /** A worker is killed when its job is not answered after this time. */
  jobLimitMs: (job: WorkerJob) => number;
  /** A worker with jobs that uses more memory is killed. */
  memoryLimitBytes: number;
  /** The end of the bytes of a published source that are in the server's memory, from `start` on. */
  bufferedUntil: (url: string, start: number) => number;
  recordChild: RecordChild | undefined;
  log: (line: string) => void;
}

/** The media library writes a line for each damaged packet: further lines of a second are dropped. */
const LINES_PER_SECOND = 20;
/** Unanswered pings of an idle process before the worker is killed. */
const UNANSWERED_LIMIT = 3;

interface PendingJob {
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  signal: AbortSignal;
}

export class MediaWorker implements AsyncDisposable {
  /** Resolves when the process has ended, for any reason. Never rejects. */
  readonly exited: Promise<void>;
  readonly #options: MediaWorkerOptions;
  readonly #child: ForkedProcess;
  /** Resolves when the process is ready, or has ended. */
  readonly #started = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  readonly #pending = new Map<number, PendingJob>();
  readonly #watch: SilenceWatch;
  readonly #memory: MemoryWatch;
  #lost: AppError | undefined;
  /** The error of the worker's only job, when that job is the cause of the end. */
  #excess: AppError | undefined;
  #whyKilled: string | undefined;
  #fault: string | undefined;
  #wasReady = false;
  #readsAsynchronously = false;
  #load = 0;
  #jobsTaken = 0;
  #lastId = 0;

  constructor(options: MediaWorkerOptions) {
    this.#options = options;
    this.exited = this.#exited.promise;
    this.#child = new ForkedProcess({
      ...options,
      onMessage: (message) => this.#receive(message),
      linesPerSecond: LINES_PER_SECOND,
      onLine: (line) => options.log(`media worker ${this.pid}: ${line}`),
    });
    this.#watch = new SilenceWatch({
      ask: () => this.#send({ type: 'ping' }),
      onSilence: () => this.#killForFault('did not answer and used no processor time'),
      everyMs: options.pingMs,
      unanswered: UNANSWERED_LIMIT,
      hasWorked: processorUse(this.#child.pid),
    });
    this.#memory = new MemoryWatch({
      pid: this.#child.pid,
      limitBytes: options.memoryLimitBytes,
      onExcess: () => this.#killForMemory(),
    });
    if (this.#child.pid !== undefined) preferForOomKill(this.#child.pid);
    const startLimit = setTimeout(
      () => this.#killForFault(`was not ready after ${options.startLimitMs} ms`),
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

  /** How the process ended, when the server did not end it. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Whether the worker takes no more jobs: the process has ended, or is being ended. */
  get isGone(): boolean {
    return this.#lost !== undefined || this.#whyKilled !== undefined;
  }

  /** The number of jobs without an answer. */
  get load(): number {
    return this.#load;
  }

  get jobsTaken(): number {
    return this.#jobsTaken;
  }

  /**
   * Runs the job. After an abort the promise settles only when the worker has stopped the job, or has ended, so that no other job writes to
   * the same path meanwhile. A job that finishes nevertheless gives its result.
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
        throw new AppError('INTERNAL', `A media worker answered a ${job.kind} job with something else`);
      return result;
    } finally {
      this.#load -= 1;
    }
  }

  /** Gives other processes precedence. On Linux the existing threads of a process do not follow its priority, so it is set for each thread. */
  lowerPriority(niceness: number): void {
    const { pid } = this;
    if (pid === undefined || this.isGone) return;
    for (const id of [pid, ...threadsOf(pid)]) {
      try {
        setPriority(id, niceness);
      } catch {
        // The thread has ended, or the system does not permit it: the priority is not essential.
      }
    }
  }

  /** From now on the worker reads no buffered bytes synchronously: it receives messages while it waits for a source. */
  readAsynchronously(): void {
    this.#readsAsynchronously = true;
  }

  /** Ends the process at once; its jobs fail with WORKER_LOST. */
  kill(why: string): void {
    if (this.#lost) return;
    this.#whyKilled ??= why;
    this.#child.kill();
  }

  /** Ends the process: by a disconnect when it is idle, by a kill when it works or starts, because other work needs the CPU. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#load > 0 || !this.#wasReady) this.kill('was no longer needed');
    else if (!this.isGone) {
      this.#whyKilled = 'was no longer needed';
      const grace = setTimeout(() => this.#child.kill(), this.#options.graceMs);
      void this.exited.then(() => clearTimeout(grace));
      this.#child.disconnect();
    }
    await this.exited;
  }

  #ask(job: WorkerJob, signal: AbortSignal): Promise<unknown> {
    if (this.#lost) throw this.#lost;
    if (this.#whyKilled !== undefined) throw lost(`A media worker ${this.#whyKilled}`);
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
      grace = setTimeout(() => this.#killForFault(`did not stop a cancelled ${job.kind} job`), this.#options.graceMs);
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
    this.#fault ??= `A media worker ${why}`;
    this.kill(why);
  }

  /** Only the first job of a fresh worker is certainly the cause; any other job is tried again on a fresh worker. */
  #killForMemory(): void {
    const mebibytes = Math.round(this.#options.memoryLimitBytes / MIB);
    if (this.#jobsTaken === 1) {
      const hint = 'RAFFI_WORKER_MEMORY allows more';
      const sentence = `This film takes more memory than a film may have, which is ${mebibytes} MiB`;
      this.#excess = new AppError('UNSUPPORTED_MEDIA', sentence, { hint });
    }
    this.#killForFault(`took more than ${mebibytes} MiB of memory`);
  }

  #send(request: WorkerRequest): void {
    // A message that is lost is one to a process that is ending: its exit settles the jobs.
    this.#child.send(request);
  }

  #receive(message: unknown): void {
    const reply = parseReply(message);
    if (!reply) return this.#killForFault('sent a message that is not in the protocol');
    this.#watch.heard();
    if (reply.type === 'pong') return;
    if (reply.type === 'query-buffered') return this.#answerBuffered(reply);
    if (reply.type === 'ready') {
      this.#wasReady = true;
      return this.#started.resolve();
    }
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.type === 'done') pending?.resolve(reply.result);
    else pending?.reject(pending.signal.aborted ? pending.signal.reason : failureOf(reply));
  }

  #answerBuffered({ id, url, start }: { id: number; url: string; start: number }): void {
    this.#send({
      type: 'buffered',
      id,
      end: this.#readsAsynchronously ? start : this.#options.bufferedUntil(url, start),
    });
  }

  #end(how: string): void {
    if (this.#whyKilled === undefined) this.#fault = `A media worker ended by itself (${how})`;
    this.#lost = lost(this.#fault ?? `A media worker ${this.#whyKilled}.`);
    const error = this.#excess ?? this.#lost;
    for (const { reject, signal } of this.#pending.values()) reject(signal.aborted ? signal.reason : error);
    this.#pending.clear();
    this.#started.resolve();
    this.#exited.resolve();
  }
}

/** How the process ended is for the log; the sentence for persons says what that means for the source. */
function lost(how: string): AppError {
  return new AppError('WORKER_LOST', 'The media library failed on this source', { cause: new Error(how) });
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}
