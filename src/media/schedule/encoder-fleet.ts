// All encoder runs: decides, whenever something changes, which run serves which request, which run is begun, moved or ended.
import { EncoderRun, type EncoderRunContext } from './encoder-run.ts';
import { lengthSeconds, type ScheduledRendition } from '../plan/scheduled-rendition.ts';
import type { SegmentFlight } from './segment-flight.ts';
import type { Segment } from '../store/segment-store.ts';

type Medium = ScheduledRendition['medium'];

export interface EncoderFleetOptions {
  /** Live encoders of each medium. */
  caps: Record<Medium, number>;
  /** A run without a request for this long is ended. */
  endAfterMs: number;
  /** How long a run may work before it must make way for a viewer in line, when nobody waits for it at that moment. */
  turnMs: number;
  /** A client that gives up may be back at once (a time limit of its own): its run goes on for so long. */
  graceMs: number;
  /** A request this close behind a run's frontier, in seconds of media, is a request for the run to go on. */
  nearSeconds: number;
}

/** A run that is to begin at `number`. */
interface Start {
  rendition: ScheduledRendition;
  number: number;
  order: number;
}

/** Who serves what, found anew by each plan. */
interface Plan {
  /** Highest segment that somebody waits for, by run. */
  targets: Map<EncoderRun, number>;
  starts: Start[];
  /** What serves the newest request of each viewer. */
  holders: Record<Medium, Map<string, EncoderRun | Start>>;
}

export class EncoderFleet implements AsyncDisposable {
  readonly #options: EncoderFleetOptions;
  readonly #context: EncoderRunContext;
  readonly #runs = new Set<EncoderRun>();
  readonly #ending = new Set<Promise<void>>();
  readonly #pending = new Set<SegmentFlight>();
  readonly #graces = new Set<NodeJS.Timeout>();
  #timer: NodeJS.Timeout | undefined;
  #inLine = 0;

  constructor(options: EncoderFleetOptions, context: Omit<EncoderRunContext, 'onMade' | 'onFailed'> & FleetEvents) {
    this.#options = options;
    this.#context = {
      ...context,
      onMade: (run, number, segment) => {
        for (const viewer of this.#waitingFor(run, number)) run.demand(viewer, number);
        context.onMade(run.rendition, number, segment);
        this.plan();
      },
      onFailed: (run, number, error) => {
        this.#end(run);
        context.onFailed(run.rendition, number, error);
        this.plan();
      },
    };
  }

  get live(): number {
    return this.#runs.size;
  }

  /** Wishes that wait for a place. */
  get inLine(): number {
    return this.#inLine;
  }

  /** A request for a segment that is not there. Call `plan` when its waiter is in. */
  add(flight: SegmentFlight): void {
    this.#pending.add(flight);
  }

  /** The flight has been settled or abandoned. */
  remove(flight: SegmentFlight): void {
    this.#pending.delete(flight);
  }

  /** A viewer was served from the cache: the run it uses may go on from there, or is not what it uses any more. */
  noteServed(viewer: string, rendition: ScheduledRendition, number: number): void {
    const runs = [...this.#runs].filter((run) => run.rendition.key === rendition.key);
    if (runs.length === 0) return;
    const nearest = runs
      .filter((run) => this.#isNear(run, number))
      .toSorted((a, b) => distance(a, number) - distance(b, number))[0];
    for (const run of runs) if (run !== nearest) run.dropDemand(viewer);
    nearest?.demand(viewer, number);
    this.plan();
  }

  /** A viewer gave up waiting. Unless it asks again soon, its run does not work for it any more. */
  noteLeft(viewer: string, rendition: ScheduledRendition, number: number): void {
    const grace = setTimeout(() => {
      this.#graces.delete(grace);
      const isBack = this.#pending
        .values()
        .some((flight) => flight.rendition.key === rendition.key && flight.viewers.has(viewer));
      if (isBack) return;
      for (const run of this.#runs)
        if (run.rendition.key === rendition.key && run.demandOf(viewer) === number) run.dropDemand(viewer);
      this.plan();
    }, this.#options.graceMs);
    this.#graces.add(grace);
    this.plan();
  }

  /** Frees what worked for this viewer only. */
  viewerGone(viewer: string): void {
    for (const run of this.#runs) run.dropDemand(viewer);
    this.plan();
  }

  /** Brings the runs in line with the requests. Cheap, and right at any time. */
  plan(): void {
    const plan: Plan = { targets: new Map(), starts: [], holders: { video: new Map(), audio: new Map() } };
    for (const flight of [...this.#pending].toSorted((a, b) => b.newestOrder - a.newestOrder))
      this.#assign(flight, plan);
    this.#displace(plan);
    this.#startRuns(plan);
    for (const run of [...this.#runs]) {
      if (!plan.targets.has(run) && this.#isOver(run)) this.#end(run);
      else run.setTarget(plan.targets.get(run));
    }
    this.#setTimer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    for (const grace of this.#graces) clearTimeout(grace);
    this.#pending.clear();
    for (const run of [...this.#runs]) this.#end(run);
    clearTimeout(this.#timer);
    await Promise.all(this.#ending);
  }

  /** Newest requests come first, and each viewer has one encoder: an older request only gets what is being done anyway. */
  #assign(flight: SegmentFlight, plan: Plan): void {
    const { rendition, number } = flight;
    const holders = plan.holders[rendition.medium];
    const unserved = [...flight.viewers].filter((viewer) => !holders.has(viewer));
    let server: EncoderRun | Start | undefined =
      this.#runFor(flight) ?? plan.starts.find((start) => this.#covers(start, flight));
    if (server === undefined && unserved.length > 0) {
      server = { rendition, number: this.#startNumber(flight), order: flight.oldestOrder };
      plan.starts.push(server);
    }
    if (server === undefined) return;
    if (server instanceof EncoderRun) {
      if (unserved.length === 0 && !plan.targets.has(server)) return;
      plan.targets.set(server, Math.max(number, plan.targets.get(server) ?? number));
      for (const viewer of unserved) server.demand(viewer, number);
    }
    for (const viewer of unserved) holders.set(viewer, server);
  }

  /** The run that comes to the segment soonest, when that is no later than a fresh start would. */
  #runFor({ rendition, number }: SegmentFlight): EncoderRun | undefined {
    const acceptableMs = this.#acceptableMs(rendition, number);
    let best: { run: EncoderRun; arrivalMs: number } | undefined;
    for (const run of this.#runs) {
      if (run.rendition.key !== rendition.key) continue;
      const arrivalMs = run.arrivalMs(number, acceptableMs);
      if (arrivalMs !== Infinity && (!best || arrivalMs < best.arrivalMs)) best = { run, arrivalMs };
    }
    return best?.run;
  }

  /** Two segments at least: players ask for the next one or two before they have the first, and that is not a seek. */
  #acceptableMs(rendition: ScheduledRendition, number: number): number {
    const { speed } = this.#context;
    const segmentMs = speed.runMs(rendition.key, lengthSeconds(rendition, number));
    return Math.max(1.5 * speed.startMs(rendition.key), 2 * segmentMs) + speed.startMs(rendition.key);
  }

  #covers(start: Start, { rendition, number }: SegmentFlight): boolean {
    return (
      start.rendition.key === rendition.key &&
      start.number <= number &&
      this.#isShortWay(rendition, start.number, number)
    );
  }

  /** Parallel requests a little before this one are better served first, on the way, than by a run of their own. */
  #startNumber({ rendition, number }: SegmentFlight): number {
    const before = [...this.#pending].filter(
      (flight) => flight.rendition.key === rendition.key && flight.number < number,
    );
    let start = number;
    for (const flight of before.toSorted((a, b) => b.number - a.number)) {
      if (!this.#isShortWay(rendition, flight.number, start) || this.#runFor(flight)) break;
      start = flight.number;
    }
    return start;
  }

  #isShortWay(rendition: ScheduledRendition, from: number, to: number): boolean {
    const { speed } = this.#context;
    const seconds = rendition.secondsOf(to).start - rendition.secondsOf(from).start;
    return to - from <= 2 || speed.runMs(rendition.key, seconds) <= this.#acceptableMs(rendition, to);
  }

  /** The newest request of a viewer wins: what worked for its older ones works for others, or for nobody. */
  #displace({ holders }: Plan): void {
    for (const run of this.#runs) {
      for (const [viewer, holder] of holders[run.rendition.medium]) if (holder !== run) run.dropDemand(viewer);
    }
  }

  /** First come, first served, as far as the cap goes. */
  #startRuns({ starts, targets, holders }: Plan): void {
    this.#inLine = 0;
    for (const start of starts.toSorted((a, b) => a.order - b.order)) {
      const run = this.#place(start, targets);
      if (!run) {
        this.#inLine += 1;
        continue;
      }
      let target = start.number;
      for (const flight of this.#pending) if (this.#covers(start, flight)) target = Math.max(target, flight.number);
      targets.set(run, target);
      for (const [viewer, holder] of holders[start.rendition.medium]) if (holder === start) run.demand(viewer, target);
    }
  }

  /** An idle run of the same rendition that is free now, a new run, or the place of the run with the oldest request. */
  #place({ rendition, number }: Start, targets: Map<EncoderRun, number>): EncoderRun | undefined {
    const { medium } = rendition;
    const unclaimed = [...this.#runs].filter((run) => run.rendition.medium === medium && !targets.has(run));
    const idle = unclaimed.find((run) => !run.hasDemand && !run.isWorking && run.rendition.key === rendition.key);
    if (idle) {
      idle.jump(number);
      return idle;
    }
    for (const run of unclaimed) if (!run.hasDemand) this.#end(run);
    const live = [...this.#runs].filter((run) => run.rendition.medium === medium);
    if (live.length >= this.#options.caps[medium]) {
      const victim = unclaimed
        .filter((run) => this.#runs.has(run) && (!run.isBusy || this.#turnEndMs(run) <= this.#context.now()))
        .toSorted((a, b) => a.lastDemandMs - b.lastDemandMs)[0];
      if (!victim) return undefined;
      this.#end(victim);
    }
    const run = new EncoderRun(rendition, number, this.#context);
    this.#runs.add(run);
    return run;
  }

  #turnEndMs(run: EncoderRun): number {
    return run.startedMs + this.#options.turnMs;
  }

  #isOver(run: EncoderRun): boolean {
    return !run.hasDemand || this.#context.now() - run.lastDemandMs >= this.#options.endAfterMs;
  }

  #isNear(run: EncoderRun, number: number): boolean {
    if (number >= run.frontier) return run.arrivalMs(number, this.#acceptableMs(run.rendition, number)) !== Infinity;
    const frontier = Math.min(run.frontier, run.rendition.count - 1);
    return run.rendition.secondsOf(frontier).start - run.rendition.secondsOf(number).end <= this.#options.nearSeconds;
  }

  #waitingFor(run: EncoderRun, number: number): string[] {
    const flights = this.#pending
      .values()
      .filter((flight) => flight.rendition.key === run.rendition.key && flight.number === number);
    return [...flights.flatMap((flight) => flight.viewers)];
  }

  #end(run: EncoderRun): void {
    if (!this.#runs.delete(run)) return;
    const ending: Promise<void> = run[Symbol.asyncDispose]().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  /** Plans again when the next run is to be ended, or its turn is over while others are in line. */
  #setTimer(): void {
    clearTimeout(this.#timer);
    const nowMs = this.#context.now();
    const times = [...this.#runs].flatMap((run) => [
      run.lastDemandMs + this.#options.endAfterMs,
      ...(this.#inLine > 0 ? [this.#turnEndMs(run)] : []),
    ]);
    const next = Math.min(...times.filter((time) => time > nowMs));
    if (next !== Infinity) this.#timer = setTimeout(() => this.plan(), next - nowMs + 1).unref();
  }
}

interface FleetEvents {
  onMade: (rendition: ScheduledRendition, number: number, segment: Segment) => void;
  onFailed: (rendition: ScheduledRendition, number: number, error: unknown) => void;
}

function distance(run: EncoderRun, number: number): number {
  return Math.abs(run.frontier - number);
}
