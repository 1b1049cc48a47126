// All encoder runs. At every change, a plan decides which run serves which request, and which run starts, jumps or ends.
import { EncoderRun, type EncoderRunContext } from './encoder-run.ts';
import { lengthSeconds, type ScheduledRendition } from '../plan/scheduled-rendition.ts';
import type { SegmentFlight } from './segment-flight.ts';
import type { Segment } from '../store/segment-store.ts';

export interface EncoderFleetOptions {
  /** Live encoders. */
  maxEncoders: number;
  /** A run that has had no request for this long ends. */
  endAfterMs: number;
  /** A run that has worked this long may be replaced for a queued viewer, if no request waits for the run at that moment. */
  turnMs: number;
  /** A client that aborts its request may retry at once, after a time limit of its own: its run continues for this long. */
  graceMs: number;
  /** A request at most this far behind a run's frontier, in seconds of media, keeps the run going. */
  maxLagSeconds: number;
}

/** A run that should start at segment `number`. */
interface Start {
  rendition: ScheduledRendition;
  number: number;
  order: number;
}

/** Which run serves which request; computed anew at every change. */
interface Plan {
  /** By run: the highest segment that a request waits for. */
  targets: Map<EncoderRun, number>;
  starts: Start[];
  /** By viewer: the run or start that serves its newest request. */
  holders: Map<string, EncoderRun | Start>;
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

  /** Starts that wait for a free encoder. */
  get inLine(): number {
    return this.#inLine;
  }

  /** Adds a segment that is missing. Call `plan` once its request waits in the flight. */
  add(flight: SegmentFlight): void {
    this.#pending.add(flight);
  }

  /** Removes a flight that was settled or abandoned. */
  remove(flight: SegmentFlight): void {
    this.#pending.delete(flight);
  }

  /** Notes that the store served a viewer: the run closest to the segment continues for that viewer, other runs do not. */
  noteServed(viewer: string, rendition: ScheduledRendition, number: number): void {
    const runs = [...this.#runs].filter((run) => run.rendition.key === rendition.key);
    if (runs.length === 0) return;
    const nearest = runs
      .filter((run) => this.#isWithinLag(run, number))
      .toSorted((a, b) => distance(a, number) - distance(b, number))[0];
    for (const run of runs) if (run !== nearest) run.dropDemand(viewer);
    nearest?.demand(viewer, number);
    this.plan();
  }

  /** Notes that a viewer aborted its request. Unless it retries within `graceMs`, its run drops the viewer's demand. */
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

  /** Drops all demand of a viewer; runs that worked for this viewer alone end. */
  viewerGone(viewer: string): void {
    for (const run of this.#runs) run.dropDemand(viewer);
    this.plan();
  }

  /** Matches the runs to the requests. Cheap, and correct at any time. */
  plan(): void {
    const plan: Plan = { targets: new Map(), starts: [], holders: new Map() };
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

  /** Flights come newest request first, and each viewer has one encoder: an older request is served only by a run that exists anyway. */
  #assign(flight: SegmentFlight, plan: Plan): void {
    const { rendition, number } = flight;
    const { holders } = plan;
    const unserved = [...flight.viewers].filter((viewer) => !holders.has(viewer));
    let holder: EncoderRun | Start | undefined =
      this.#runFor(flight) ?? plan.starts.find((start) => this.#covers(start, flight));
    if (holder === undefined && unserved.length > 0) {
      holder = { rendition, number: this.#startNumber(flight), order: flight.oldestOrder };
      plan.starts.push(holder);
    }
    if (holder === undefined) return;
    if (holder instanceof EncoderRun) {
      if (unserved.length === 0 && !plan.targets.has(holder)) return;
      plan.targets.set(holder, Math.max(number, plan.targets.get(holder) ?? number));
      for (const viewer of unserved) holder.demand(viewer, number);
    }
    for (const viewer of unserved) holders.set(viewer, holder);
  }

  /** The run that reaches the segment soonest, if that is no later than with a fresh start. */
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

  /** At least two segments: players request the next one or two before they have the first, which is not a seek. */
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

  /** The first segment of a new run: requests slightly before this one are served on the way instead of by runs of their own. */
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

  /** The newest request of a viewer wins: runs that served its older requests drop the viewer's demand. */
  #displace({ holders }: Plan): void {
    for (const run of this.#runs) {
      for (const [viewer, holder] of holders) if (holder !== run) run.dropDemand(viewer);
    }
  }

  /** Starts runs up to the cap, oldest request first. */
  #startRuns({ starts, targets, holders }: Plan): void {
    this.#inLine = 0;
    for (const start of starts.toSorted((a, b) => a.order - b.order)) {
      const run = this.#runForStart(start, targets);
      if (!run) {
        this.#inLine += 1;
        continue;
      }
      let target = start.number;
      for (const flight of this.#pending) if (this.#covers(start, flight)) target = Math.max(target, flight.number);
      targets.set(run, target);
      for (const [viewer, holder] of holders) if (holder === start) run.demand(viewer, target);
    }
  }

  /** An idle run of the same rendition, a new run, or a new run that replaces the run with the oldest request. */
  #runForStart({ rendition, number }: Start, targets: Map<EncoderRun, number>): EncoderRun | undefined {
    const unclaimed = [...this.#runs].filter((run) => !targets.has(run));
    const idle = unclaimed.find((run) => !run.hasDemand && !run.isWorking && run.rendition.key === rendition.key);
    if (idle) {
      idle.jump(number);
      return idle;
    }
    for (const run of unclaimed) if (!run.hasDemand) this.#end(run);
    if (this.#runs.size >= this.#options.maxEncoders) {
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

  #isWithinLag(run: EncoderRun, number: number): boolean {
    if (number >= run.frontier) return run.arrivalMs(number, this.#acceptableMs(run.rendition, number)) !== Infinity;
    const frontier = Math.min(run.frontier, run.rendition.count - 1);
    return run.rendition.secondsOf(frontier).start - run.rendition.secondsOf(number).end <= this.#options.maxLagSeconds;
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

  /** Plans again when the next run is due to end, or when its turn is over while starts are queued. */
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
