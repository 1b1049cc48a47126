// Answers requests for segments: from the store, from a job that is already running, or from a new job. Each segment is made once.
import { availableParallelism } from 'node:os';
import { LRUCache } from 'lru-cache';
import { SegmentPrefetch } from './segment-prefetch.ts';
import { ShortJobs } from './short-jobs.ts';
import { EncoderFleet } from './encoder-fleet.ts';
import { EncoderSpeed } from './encoder-speed.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { type ScheduledRendition, segmentsAround } from '../plan/scheduled-rendition.ts';
import { SCHEDULER_DEFAULTS, type SegmentSchedulerOptions } from './scheduler-options.ts';
import type { Segment, SegmentStore, SegmentStoreStats } from '../store/segment-store.ts';
import { segmentFields } from './segment-log.ts';
import { SegmentFlight } from './segment-flight.ts';
import { isWorkerLost, type WorkerPool, type WorkerStats } from '../pool/worker-pool.ts';

export interface SegmentRequest {
  rendition: ScheduledRendition;
  number: number;
  /** The viewer that requests: its newer request replaces the encoding for an older one. */
  viewer: string;
}

export interface SchedulerStats {
  /** Live encoder runs. */
  encoderRuns: number;
  /** Starts that wait for a free encoder. */
  inLine: number;
  /** Segments that are being made or waited for. */
  flights: number;
  hits: number;
  misses: number;
  /** Misses whose segment was already being made. */
  joins: number;
  store: SegmentStoreStats;
  workers: WorkerStats;
}

export class SegmentScheduler implements AsyncDisposable {
  readonly #options: Required<SegmentSchedulerOptions>;
  readonly #store: SegmentStore;
  readonly #pool: WorkerPool;
  readonly #shortJobs: ShortJobs;
  readonly #fleet: EncoderFleet;
  readonly #breaker: CircuitBreaker;
  /** By segment name. */
  readonly #flights = new Map<string, SegmentFlight>();
  readonly #prefetch: SegmentPrefetch;
  /** Order of each viewer's newest request, by medium and viewer. */
  readonly #newest = new LRUCache<string, number>({ max: 10_000 });
  #order = 0;
  #hits = 0;
  #misses = 0;
  #joins = 0;
  #isClosed = false;

  constructor(options: SegmentSchedulerOptions) {
    this.#options = {
      ...SCHEDULER_DEFAULTS,
      maxEncoders: Math.max(2, availableParallelism()),
      now: () => performance.now(),
      ...options,
    };
    const { store, pool, now, log, coolDownMs, quickMs } = this.#options;
    this.#store = store;
    this.#pool = pool;
    this.#prefetch = new SegmentPrefetch(this.#options.prefetchDelayMs);
    this.#breaker = new CircuitBreaker({ limit: FAILURES, quickMs, coolDownMs, now });
    this.#shortJobs = new ShortJobs({
      store,
      pool,
      log,
      onMade: (rendition, number, segment) => this.#made(rendition, number, segment),
      onFailed: (rendition, number, error) => this.#failed(rendition, number, error),
    });
    this.#fleet = this.#createFleet();
  }

  get stats(): SchedulerStats {
    return {
      encoderRuns: this.#fleet.live,
      inLine: this.#fleet.inLine,
      flights: this.#flights.size,
      hits: this.#hits,
      misses: this.#misses,
      joins: this.#joins,
      store: this.#store.stats,
      workers: this.#pool.stats,
    };
  }

  /**
   * Resolves with the segment from whichever source is fastest. A job that no request waits for any more is cancelled.
   * @throws RangeError for a number beyond the rendition; AppError DISK_FULL, WORKER_LOST, what the worker reports; the signal's reason
   */
  async request(request: SegmentRequest, signal: AbortSignal): Promise<Segment> {
    const { rendition, number, viewer } = request;
    if (!(Number.isSafeInteger(number) && number >= 0 && number < rendition.count))
      throw new RangeError(`no segment ${number}`);
    this.#order += 1;
    const order = this.#order;
    const viewerKey = `${rendition.medium} ${viewer}`;
    this.#newest.set(viewerKey, order);
    const { behindSeconds: before, aheadSeconds: after } = this.#options;
    this.#store.pin(viewer, rendition, segmentsAround(rendition, number, { before, after }));
    const held = await this.#store.get(rendition, number);
    signal.throwIfAborted();
    if (held) this.#hits += 1;
    else this.#misses += 1;
    this.#options.log.debug(
      { ...segmentFields(rendition, number), viewer: viewer.slice(0, 8) },
      held ? 'segment found in the store' : 'segment is missing in the store',
    );
    if (!this.#newest.has(viewerKey)) throw viewerGone();
    const segment = held ?? (await this.#make(request, order, signal));
    if (this.#newest.get(viewerKey) === order) this.#prepareNext(request);
    return segment;
  }

  /** Stops all work for this viewer alone; its waiting requests fail with an AbortError. */
  viewerGone(viewer: string): void {
    const reason = viewerGone();
    for (const medium of MEDIA) {
      this.#prefetch.stop(medium, viewer);
      this.#newest.delete(`${medium} ${viewer}`);
    }
    for (const flight of [...this.#flights.values()]) flight.dismiss(viewer, reason);
    this.#fleet.viewerGone(viewer);
    this.#store.unpin(viewer);
  }

  /** Ends all work; waiting requests fail with an AbortError. The pool and the store stay open: their creator closes them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const reason = closing();
    for (const flight of [...this.#flights.values()]) this.#fail(flight, reason);
    await Promise.all([this.#fleet[Symbol.asyncDispose](), this.#shortJobs[Symbol.asyncDispose]()]);
  }

  #make({ rendition, number, viewer }: SegmentRequest, order: number, signal: AbortSignal): Promise<Segment> {
    const name = flightName(rendition, number);
    const flying = this.#flights.get(name);
    if (flying) this.#joins += 1;
    else this.#throwIfOpen(rendition);
    this.#options.log.debug(
      segmentFields(rendition, number),
      flying ? 'segment is being made: joined' : 'segment work begins',
    );
    const flight = flying ?? this.#launch(rendition, number);
    const made = flight.wait({ viewer, order }, signal);
    this.#prefetch.yieldTo(viewer, flight);
    if (rendition.work === 'run') this.#fleet.plan();
    return made;
  }

  #launch(rendition: ScheduledRendition, number: number): SegmentFlight {
    if (this.#isClosed) throw closing();
    const flight = new SegmentFlight(rendition, number, {
      launchedMs: this.#options.now(),
      onLeft: (left, viewer) => this.#left(left, viewer),
    });
    this.#flights.set(flightName(rendition, number), flight);
    if (rendition.work === 'run') this.#fleet.add(flight);
    else this.#shortJobs.start(flight);
    return flight;
  }

  #throwIfOpen({ key }: ScheduledRendition): void {
    const error = this.#breaker.errorOf(key);
    if (error) throw error;
  }

  #left(flight: SegmentFlight, viewer: string): void {
    if (flight.isAbandoned) this.#abandon(flight);
    if (flight.rendition.work === 'run') this.#fleet.noteLeft(viewer, flight.rendition, flight.number);
  }

  /** A client with a time limit may retry at once: a long copy is not restarted for that. */
  #abandon(flight: SegmentFlight): void {
    const { now, longJobMs, graceMs } = this.#options;
    if (flight.rendition.work === 'run' || now() - flight.launchedMs < longJobMs) return this.#drop(flight);
    setTimeout(() => {
      if (flight.isAbandoned) this.#drop(flight);
    }, graceMs).unref();
  }

  /** Removes the flight everywhere and cancels work for this flight alone. */
  #drop(flight: SegmentFlight): void {
    const name = flightName(flight.rendition, flight.number);
    if (this.#flights.get(name) === flight) this.#flights.delete(name);
    this.#fleet.remove(flight);
    this.#shortJobs.cancel(flight);
  }

  #made(rendition: ScheduledRendition, number: number, segment: Segment): void {
    this.#breaker.succeeded(rendition.key);
    const flight = this.#flights.get(flightName(rendition, number));
    if (!flight) return;
    flight.settle(segment);
    this.#drop(flight);
  }

  #failed(rendition: ScheduledRendition, number: number, error: unknown): void {
    // Each loss of an encoder was counted when it happened; a copy was retried by the pool before it failed.
    if (!isWorkerLost(error)) this.#breaker.failed(rendition.key, error);
    else if (rendition.work === 'short') this.#breaker.failed(rendition.key, error, FAILURES);
    const isOpen = this.#breaker.errorOf(rendition.key) !== undefined;
    for (const flight of [...this.#flights.values()]) {
      if (flight.rendition.key === rendition.key && (isOpen || flight.number === number)) this.#fail(flight, error);
    }
  }

  #fail(flight: SegmentFlight, error: unknown): void {
    this.#options.log.debug({ ...segmentFields(flight.rendition, flight.number), err: error }, 'segment failed');
    flight.fail(error);
    this.#drop(flight);
  }

  /** After a viewer was served: prepares its next segments. */
  #prepareNext({ rendition, number, viewer }: SegmentRequest): void {
    if (rendition.work === 'run') this.#fleet.noteServed(viewer, rendition, number);
    else this.#prefetch.plan(viewer, rendition.medium, () => this.#prefetchNext(rendition, number));
  }

  /** Makes the next missing segment, if it lies within `prefetchCount` and the workers are idle. */
  #prefetchNext(rendition: ScheduledRendition, number: number): SegmentFlight | undefined {
    const end = Math.min(rendition.count, number + 1 + this.#options.prefetchCount);
    let next = number + 1;
    while (next < end && this.#store.peek(rendition, next)) next += 1;
    const isFlying = this.#flights.has(flightName(rendition, next));
    const isBusy = !this.#pool.isIdle || this.#store.isTight || isFlying;
    if (next >= end || isBusy || this.#isClosed || this.#breaker.errorOf(rendition.key)) return undefined;
    return this.#launch(rendition, next);
  }

  #createFleet(): EncoderFleet {
    const { store, pool, now, log, maxEncoders, aheadSeconds, aheadBytes, pauseAfterMs, endAfterMs, turnMs, graceMs } =
      this.#options;
    return new EncoderFleet(
      { maxEncoders, endAfterMs, turnMs, graceMs, maxLagSeconds: 2 * aheadSeconds },
      {
        store,
        now,
        log,
        speed: new EncoderSpeed(),
        limits: { aheadSeconds, aheadBytes, pauseAfterMs, retries: FAILURES - 1 },
        lease: () => pool.lease(),
        onLost: (run, error) => this.#breaker.failed(run.rendition.key, error),
        onMade: (rendition, number, segment) => this.#made(rendition, number, segment),
        onFailed: (rendition, number, error) => this.#failed(rendition, number, error),
      },
    );
  }
}

const MEDIA = ['video', 'audio'] as const;

/** Failures of one rendition in a row after which the breaker opens. */
const FAILURES = 3;

function viewerGone(): DOMException {
  return new DOMException('The viewer is gone', 'AbortError');
}

function closing(): DOMException {
  return new DOMException('The server is closing', 'AbortError');
}

/** The rendition key names the source too. */
function flightName({ key }: ScheduledRendition, number: number): string {
  return `${number} ${key}`;
}
