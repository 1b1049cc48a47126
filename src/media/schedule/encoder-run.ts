// One encoder at work on a rendition: encodes segment after segment while viewers request them, up to a limit ahead of the newest request.
import { isAbort } from '../../base/app-error.ts';
import type { EncoderSpeed } from './encoder-speed.ts';
import { renditionFields, segmentFields, type SegmentLog } from './segment-log.ts';
import { publishSegment } from './publish-segment.ts';
import { lengthSeconds, type ScheduledRendition } from '../plan/scheduled-rendition.ts';
import type { Segment, SegmentStore } from '../store/segment-store.ts';
import type { SegmentJob } from '../worker/protocol/protocol.ts';
import { isWorkerLost, type WorkerLease } from '../pool/worker-pool.ts';

export interface EncoderRunLimits {
  /** How far the run encodes beyond the newest request, seconds of media. */
  aheadSeconds: number;
  /** The same in bytes; the lower limit counts. */
  aheadBytes: number;
  /** A run that has had no request for this long encodes nothing ahead. */
  pauseAfterMs: number;
  /** How many times a segment is retried on a fresh worker after a lost one. */
  retries: number;
}

export interface EncoderRunContext {
  store: SegmentStore;
  speed: EncoderSpeed;
  log: SegmentLog;
  limits: EncoderRunLimits;
  now: () => number;
  lease: () => WorkerLease;
  onMade: (run: EncoderRun, number: number, segment: Segment) => void;
  /** Called at every loss of a worker; returns true to stop the retries. */
  onLost: (run: EncoderRun, error: unknown) => boolean;
  /** Called when the run ends because segment `number` cannot be made. */
  onFailed: (run: EncoderRun, number: number, error: unknown) => void;
}

export class EncoderRun implements AsyncDisposable {
  readonly rendition: ScheduledRendition;
  /** When the current turn began: at the start or last jump, moved to the end of the first segment made after it. */
  startedMs: number;
  readonly #context: EncoderRunContext;
  /** By viewer: its newest request to this run. */
  readonly #demands = new Map<string, { number: number; atMs: number }>();
  readonly #stop = new AbortController();
  readonly #driven: Promise<void>;
  #target: number | undefined;
  #next: number;
  #current: { number: number; startedMs: number } | undefined;
  /** The last segment that the worker's encoder made. */
  #last: number | undefined;
  #lease: WorkerLease | undefined;
  #wake = Promise.withResolvers<void>();
  /** Segments made beyond the newest request. */
  #ahead: { number: number; sizeBytes: number }[] = [];

  constructor(rendition: ScheduledRendition, start: number, context: EncoderRunContext) {
    this.rendition = rendition;
    this.#next = start;
    this.#context = context;
    this.startedMs = context.now();
    context.log.info({ ...renditionFields(rendition), number: start }, 'encoder started');
    this.#driven = this.#drive();
  }

  /** The segment that the run is making, or would make next. */
  get frontier(): number {
    return this.#current?.number ?? this.#next;
  }

  get isWorking(): boolean {
    return this.#current !== undefined;
  }

  /** Whether the run has work, including work ahead of all requests. */
  get isBusy(): boolean {
    return this.isWorking || this.#isWanted(this.#next);
  }

  get hasDemand(): boolean {
    return this.#demands.size > 0;
  }

  get lastDemandMs(): number {
    return this.#demands.values().reduce((newest, { atMs }) => Math.max(newest, atMs), -Infinity);
  }

  demandOf(viewer: string): number | undefined {
    return this.#demands.get(viewer)?.number;
  }

  demand(viewer: string, number: number): void {
    this.#demands.set(viewer, { number, atMs: this.#context.now() });
  }

  dropDemand(viewer: string): void {
    this.#demands.delete(viewer);
  }

  /** Requests wait for the segments up to `target`; undefined: no request waits. */
  setTarget(target: number | undefined): void {
    this.#target = target;
    this.wake();
  }

  /** Makes the run check again whether it has work. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Moves a run that is not working to segment `number`. */
  jump(number: number): void {
    this.#context.log.info(segmentFields(this.rendition, number), 'encoder jumped');
    this.#next = number;
    this.#ahead = [];
    this.startedMs = this.#context.now();
  }

  /** Expected time until the run begins segment `number`; Infinity when that lies behind the run or takes longer than `limitMs`. */
  arrivalMs(number: number, limitMs: number): number {
    if (number < this.frontier) return Infinity;
    let sumMs = 0;
    for (let at = this.frontier; at < number && sumMs <= limitMs; at += 1) sumMs += this.#remainingMs(at);
    return sumMs <= limitMs ? sumMs : Infinity;
  }

  /** Ends the encoder at once. Resolves when its process has exited and no unfinished segment is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#stop.signal.aborted) this.#context.log.info(renditionFields(this.rendition), 'encoder ended');
    this.#stop.abort();
    this.wake();
    await this.#lease?.[Symbol.asyncDispose]();
    await this.#driven;
  }

  #remainingMs(number: number): number {
    const { store, speed, now } = this.#context;
    if (this.#current?.number !== number && store.peek(this.rendition, number)) return 0;
    const totalMs = speed.runMs(this.rendition.key, lengthSeconds(this.rendition, number));
    if (this.#current?.number !== number) return totalMs;
    const startMs = this.#isFirst(number) ? speed.startMs(this.rendition.key) : 0;
    return Math.max(0, startMs + totalMs - (now() - this.#current.startedMs));
  }

  #isFirst(number: number): boolean {
    return this.#last !== number - 1;
  }

  async #drive(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#wake = Promise.withResolvers();
      this.#skipStored();
      if (this.#isWanted(this.#next)) await this.#make(this.#next);
      else await this.#wake.promise;
    }
    await this.#lease?.[Symbol.asyncDispose]();
  }

  /** Stored segments are skipped, but for those that a request waits for: their claim gives them. */
  #skipStored(): void {
    const { store } = this.#context;
    while (
      this.#next < this.rendition.count &&
      this.#next > (this.#target ?? -1) &&
      store.peek(this.rendition, this.#next)
    )
      this.#next += 1;
  }

  #isWanted(number: number): boolean {
    if (number >= this.rendition.count) return false;
    if (this.#target !== undefined && number <= this.#target) return true;
    const { now, limits, store } = this.#context;
    const recent = this.#demands.values().filter(({ atMs }) => now() - atMs < limits.pauseAfterMs);
    const newest = recent.reduce((furthest, request) => Math.max(furthest, request.number), -Infinity);
    if (newest === -Infinity || store.isTight) return false;
    if (number <= newest) return true;
    this.#ahead = this.#ahead.filter((made) => made.number > newest);
    const aheadBytes = this.#ahead.reduce((sum, made) => sum + made.sizeBytes, 0);
    const expectedBytes = this.#ahead.at(-1)?.sizeBytes ?? 0;
    const aheadSeconds = this.rendition.secondsOf(number).end - this.rendition.secondsOf(newest).end;
    return aheadSeconds <= limits.aheadSeconds && aheadBytes + expectedBytes <= limits.aheadBytes;
  }

  async #make(number: number): Promise<void> {
    const { now, speed, log, onMade, onFailed } = this.#context;
    this.#current = { number, startedMs: now() };
    try {
      const { segment, madeInMs } = await this.#attempt(number);
      if (madeInMs !== undefined) {
        const seconds = lengthSeconds(this.rendition, number);
        speed.learn(this.rendition.key, { seconds, wallMs: madeInMs, isFirst: this.#isFirst(number) });
        if (this.#isFirst(number)) this.startedMs = now();
        this.#last = number;
        this.#ahead.push({ number, sizeBytes: segment.sizeBytes });
      }
      this.#next = number + 1;
      this.#current = undefined;
      onMade(this, number, segment);
    } catch (error) {
      this.#current = undefined;
      if (this.#stop.signal.aborted && (isAbort(error) || isWorkerLost(error))) return;
      this.#stop.abort();
      log.info({ ...segmentFields(this.rendition, number), err: error }, 'encoder failed');
      onFailed(this, number, error);
    }
  }

  /** Retries the segment on another worker when its worker crashes: waiting requests see only a delay. */
  async #attempt(number: number): Promise<{ segment: Segment; madeInMs: number | undefined }> {
    const { store, limits, lease, log, onLost } = this.#context;
    const { signal } = this.#stop;
    for (let attempt = 0; ; attempt += 1) {
      const worker = (this.#lease ??= lease());
      const run = async (job: SegmentJob, jobSignal: AbortSignal) => await worker.run(job, jobSignal);
      try {
        return await publishSegment({ store, rendition: this.rendition, number, run, log }, signal);
      } catch (error) {
        if (!isWorkerLost(error) || signal.aborted) throw error;
        log.info({ ...segmentFields(this.rendition, number), attempt }, 'encoder lost its worker');
        this.#lease = undefined;
        this.#last = undefined;
        await worker[Symbol.asyncDispose]();
        if (onLost(this, error) || attempt >= limits.retries) throw error;
      }
    }
  }
}
