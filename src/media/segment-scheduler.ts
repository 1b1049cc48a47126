// Turns wishes for segments into segments: from the cache, from work that is under way, or by new work, each piece of it done once.
import { availableParallelism } from 'node:os';
import { LRUCache } from 'lru-cache';
import { AppError } from '../base/app-error.ts';
import { CopyLane } from './copy-lane.ts';
import { EncoderFleet } from './encoder-fleet.ts';
import { EncoderSpeed } from './encoder-speed.ts';
import { FailureBrake } from './failure-brake.ts';
import { type ScheduledRendition, segmentsAround } from './scheduled-rendition.ts';
import type { CacheStats, SegmentCache } from './segment-cache.ts';
import type { SegmentFile } from './segment-file.ts';
import { SegmentFlight } from './segment-flight.ts';
import { segmentName } from './segment-path.ts';
import { isWorkerLost, type WorkerPool, type WorkerStats } from './worker-pool.ts';

export interface SegmentSchedulerOptions {
  cache: SegmentCache;
  pool: WorkerPool;
  /** Live video encoders. Default: the cores, 2 at least. Audio, which is light, may have four times as many. */
  maxEncoders?: number;
  /** How far encoders work beyond the newest wish. Default 30 s. */
  aheadSeconds?: number;
  /** Default 64 MiB. */
  aheadBytes?: number;
  /** Played seconds before a viewer's newest wish that are kept in the cache. Default 30 s. */
  behindSeconds?: number;
  /** Copied segments made after one that was served, when the workers have nothing else to do. Default 1. */
  copyAhead?: number;
  /** Encoders without a wish for this long work no further. Default 20 s. */
  pauseAfterMs?: number;
  /** And end after this long. Default 60 s. */
  endAfterMs?: number;
  /** Default 10 s. See `EncoderFleetOptions`. */
  turnMs?: number;
  /** Default 1 s. See `EncoderFleetOptions`. */
  graceMs?: number;
  /** How long a rendition that failed three times in a row gives its error at once. Default 5 s. */
  coolDownMs?: number;
  /** Failures further apart are not "in a row". Default 30 s. */
  quickMs?: number;
  /** Monotonic clock, milliseconds. */
  now?: () => number;
}

export interface SegmentWish {
  rendition: ScheduledRendition;
  number: number;
  /** Who wishes: a newer wish of one viewer replaces the encoding for an older one. */
  viewer: string;
}

export interface SchedulerStats {
  /** Live encoder runs. */
  encoderRuns: number;
  /** Wishes waiting for an encoder to be free. */
  inLine: number;
  /** Segments being made or waited for. */
  flights: number;
  hits: number;
  misses: number;
  /** Misses that found the segment already being made. */
  joins: number;
  cache: CacheStats;
  workers: WorkerStats;
}

export class SegmentScheduler implements AsyncDisposable {
  readonly #options: Required<SegmentSchedulerOptions>;
  readonly #cache: SegmentCache;
  readonly #pool: WorkerPool;
  readonly #copies: CopyLane;
  readonly #fleet: EncoderFleet;
  readonly #brake: FailureBrake;
  /** By segment name. */
  readonly #flights = new Map<string, SegmentFlight>();
  /** The copied segments made ahead for a viewer, by medium and viewer. */
  readonly #ahead = new Map<string, { name: string; controller: AbortController }>();
  readonly #settling = new Set<Promise<void>>();
  /** Order of each viewer's newest wish, by medium and viewer. */
  readonly #newest = new LRUCache<string, number>({ max: 10_000 });
  #order = 0;
  #hits = 0;
  #misses = 0;
  #joins = 0;
  #isClosed = false;

  constructor(options: SegmentSchedulerOptions) {
    this.#options = {
      ...DEFAULTS,
      maxEncoders: Math.max(2, availableParallelism()),
      now: () => performance.now(),
      ...options,
    };
    const { cache, pool, now, coolDownMs, quickMs } = this.#options;
    this.#cache = cache;
    this.#pool = pool;
    this.#brake = new FailureBrake({ limit: FAILURES, quickMs, coolDownMs, now });
    this.#copies = new CopyLane({
      cache,
      pool,
      onMade: (rendition, number) => this.#made(rendition, number),
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
      cache: this.#cache.stats,
      workers: this.#pool.stats,
    };
  }

  /**
   * The segment, from wherever it comes soonest. Work that nobody waits for any more is cancelled.
   * @throws RangeError for a number the rendition has not; AppError DISK_FULL, WORKER_LOST, what the worker reports; the signal's reason
   */
  async request(wish: SegmentWish, signal: AbortSignal): Promise<SegmentFile> {
    const { rendition, number, viewer } = wish;
    if (!(Number.isSafeInteger(number) && number >= 0 && number < rendition.count))
      throw new RangeError(`no segment ${number}`);
    this.#order += 1;
    const order = this.#order;
    this.#newest.set(aheadKey(rendition, viewer), order);
    const { behindSeconds: before, aheadSeconds: after } = this.#options;
    this.#cache.keep(viewer, rendition, segmentsAround(rendition, number, { before, after }));
    let file: SegmentFile | undefined;
    let isHit = true;
    while (!file) {
      signal.throwIfAborted();
      isHit &&= this.#cache.has(rendition, number);
      // Nothing may come between the look into the cache and the launch: that is what makes each segment only once.
      file = this.#cache.has(rendition, number)
        ? await this.#cache.lookup(rendition, number)
        : await this.#make(wish, order, signal);
    }
    if (isHit) this.#hits += 1;
    else this.#misses += 1;
    if (this.#newest.get(aheadKey(rendition, viewer)) === order) this.#goOn(wish);
    return file;
  }

  /** Stops all that was done for this viewer only; its waiting requests end with an AbortError. */
  viewerGone(viewer: string): void {
    const reason = new DOMException('The viewer is gone.', 'AbortError');
    for (const medium of MEDIA) {
      this.#stopAhead(aheadKey({ medium }, viewer));
      this.#newest.delete(aheadKey({ medium }, viewer));
    }
    for (const flight of [...this.#flights.values()]) flight.dismiss(viewer, reason);
    this.#fleet.viewerGone(viewer);
    this.#cache.release(viewer);
  }

  /** Ends all work; waiting requests end with an AbortError. The pool and the cache stay open: they belong to who made them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const reason = closing();
    for (const flight of [...this.#flights.values()]) this.#fail(flight, reason);
    await Promise.all([this.#fleet[Symbol.asyncDispose](), this.#copies[Symbol.asyncDispose]()]);
    await Promise.all(this.#settling);
  }

  #make({ rendition, number, viewer }: SegmentWish, order: number, signal: AbortSignal): Promise<SegmentFile> {
    const name = segmentName(rendition, number);
    const key = aheadKey(rendition, viewer);
    const ahead = this.#ahead.get(key);
    const flying = this.#flights.get(name);
    if (flying) this.#joins += 1;
    else this.#throwIfBraked(rendition);
    const flight = flying ?? this.#launch(rendition, number);
    const file = flight.wait({ viewer, order }, signal);
    if (ahead && ahead.name !== name) this.#stopAhead(key);
    if (rendition.work === 'encode') this.#fleet.plan();
    return file;
  }

  #launch(rendition: ScheduledRendition, number: number): SegmentFlight {
    if (this.#isClosed) throw closing();
    const flight = new SegmentFlight(rendition, number, (left, viewer) => this.#left(left, viewer));
    this.#flights.set(segmentName(rendition, number), flight);
    if (rendition.work === 'encode') this.#fleet.add(flight);
    else this.#copies.start(flight);
    return flight;
  }

  #throwIfBraked({ key }: ScheduledRendition): void {
    const error = this.#brake.errorOf(key);
    if (error !== undefined) throw error;
  }

  #left(flight: SegmentFlight, viewer: string): void {
    if (flight.isAbandoned) this.#drop(flight);
    if (flight.rendition.work === 'encode') this.#fleet.noteLeft(viewer, flight.rendition, flight.number);
  }

  /** Takes the flight out of everything; what works for it alone is cancelled. */
  #drop(flight: SegmentFlight): void {
    const name = segmentName(flight.rendition, flight.number);
    if (this.#flights.get(name) === flight) this.#flights.delete(name);
    this.#fleet.remove(flight);
    this.#copies.cancel(flight);
  }

  #made(rendition: ScheduledRendition, number: number): void {
    this.#brake.succeeded(rendition.key);
    const flight = this.#flights.get(segmentName(rendition, number));
    if (!flight) return;
    this.#fleet.remove(flight);
    const settling: Promise<void> = this.#settle(flight).finally(() => this.#settling.delete(settling));
    this.#settling.add(settling);
  }

  async #settle(flight: SegmentFlight): Promise<void> {
    const file = await this.#cache.lookup(flight.rendition, flight.number);
    if (!file)
      return this.#fail(flight, new AppError('INTERNAL', 'A segment vanished from the cache as soon as it was made.'));
    flight.settle(file);
    this.#drop(flight);
  }

  #failed(rendition: ScheduledRendition, number: number, error: unknown): void {
    if (!isWorkerLost(error) || rendition.work === 'copy') this.#brake.failed(rendition.key, error);
    const isBraked = this.#brake.errorOf(rendition.key) !== undefined;
    for (const flight of [...this.#flights.values()]) {
      if (flight.rendition.key === rendition.key && (isBraked || flight.number === number)) this.#fail(flight, error);
    }
  }

  #fail(flight: SegmentFlight, error: unknown): void {
    flight.fail(error);
    this.#drop(flight);
  }

  /** The viewer has what it wished: looks ahead for it. */
  #goOn(wish: SegmentWish): void {
    if (wish.rendition.work === 'encode') this.#fleet.noteServed(wish.viewer, wish.rendition, wish.number);
    else this.#copyAhead(wish);
  }

  /** Makes the next segment that is missing, if it is near and the workers are idle; a wish for another segment ends it. */
  #copyAhead({ rendition, number, viewer }: SegmentWish): void {
    const end = Math.min(rendition.count, number + 1 + this.#options.copyAhead);
    let next = number + 1;
    while (next < end && this.#cache.has(rendition, next)) next += 1;
    const name = segmentName(rendition, next);
    const isBusy = !this.#pool.isIdle || this.#cache.isTight || this.#flights.has(name);
    if (next >= end || isBusy || this.#isClosed || this.#brake.errorOf(rendition.key) !== undefined) return;
    const key = aheadKey(rendition, viewer);
    this.#stopAhead(key);
    const ahead = { name, controller: new AbortController() };
    this.#ahead.set(key, ahead);
    void this.#launch(rendition, next)
      .wait({ viewer, order: 0 }, ahead.controller.signal)
      // Nobody asked for it: whoever does will hear of the failure.
      .catch(() => {})
      .finally(() => {
        if (this.#ahead.get(key) === ahead) this.#ahead.delete(key);
      });
  }

  #stopAhead(key: string): void {
    this.#ahead.get(key)?.controller.abort();
    this.#ahead.delete(key);
  }

  #createFleet(): EncoderFleet {
    const { cache, pool, now, maxEncoders, aheadSeconds, aheadBytes, pauseAfterMs, endAfterMs, turnMs, graceMs } =
      this.#options;
    const caps = { video: maxEncoders, audio: 4 * maxEncoders };
    return new EncoderFleet(
      { caps, endAfterMs, turnMs, graceMs, nearSeconds: 2 * aheadSeconds },
      {
        cache,
        now,
        speed: new EncoderSpeed(),
        limits: { aheadSeconds, aheadBytes, pauseAfterMs, retries: FAILURES - 1 },
        lease: () => pool.lease(),
        onLost: (run, error) => this.#brake.failed(run.rendition.key, error),
        onMade: (rendition, number) => this.#made(rendition, number),
        onFailed: (rendition, number, error) => this.#failed(rendition, number, error),
      },
    );
  }
}

const MEDIA = ['video', 'audio'] as const;

/** In a row, of one rendition: then its error is given. */
const FAILURES = 3;

const DEFAULTS = {
  aheadSeconds: 30,
  aheadBytes: 64 * 2 ** 20,
  behindSeconds: 30,
  copyAhead: 1,
  pauseAfterMs: 20_000,
  endAfterMs: 60_000,
  turnMs: 10_000,
  graceMs: 1000,
  coolDownMs: 5000,
  quickMs: 30_000,
};

function aheadKey({ medium }: Pick<ScheduledRendition, 'medium'>, viewer: string): string {
  return `${medium} ${viewer}`;
}

function closing(): DOMException {
  return new DOMException('The server is closing.', 'AbortError');
}
