// The server's side of the torrent engine's process: starts it, receives its messages, restarts it after a crash or when it hangs, and stops it.
import { setTimeout as delay } from 'node:timers/promises';
import { entryModule } from '../../../base/entry-modules.ts';
import { ForkedProcess, type RecordChild } from '../../../base/forked-process.ts';
import { SilenceWatch } from '../../../base/silence-watch.ts';
import type { EngineOrder, EngineReport } from '../../../torrent-engine/protocol/engine-protocol.ts';
import { parseReport } from './parse-report.ts';

export const ENGINE_ENTRY = entryModule('torrent-engine/torrent-process.ts');
const PING_MS = 5000;
/** A process that leaves so many pings unanswered has hung. */
const UNANSWERED_LIMIT = 6;
const STOP_LIMIT_MS = 800;
const RESTART_MS = [100, 500, 2000, 5000, 15_000];
/** One that lived so long did not fail at once. */
const HEALTHY_MS = 30_000;

export interface EngineProcessOptions {
  log: (line: string) => void;
  recordChild: RecordChild;
  /** A debugger can attach to it, and it is not ended when it says nothing: it may stand at a breakpoint. */
  isInspected: boolean;
  /** A process is there and takes orders, though it is not ready yet: the first ones it gets. */
  onStarted: (send: (order: EngineOrder) => void) => void;
  onReport: (report: EngineReport) => void;
  onGone: () => void;
}

export class EngineProcess implements AsyncDisposable {
  readonly #options: EngineProcessOptions;
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;
  #child: ForkedProcess | undefined;
  #watch: SilenceWatch | undefined;
  #state: 'starting' | 'ready' | 'failed' = 'starting';

  constructor(options: EngineProcessOptions) {
    this.#options = options;
    this.#running = this.#keepRunning();
  }

  get state(): 'starting' | 'ready' | 'failed' {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Dropped when there is no process: the next one receives the complete state. */
  send(order: EngineOrder): void {
    this.#child?.send(order);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.send({ type: 'stop' });
    const child = this.#child;
    this.#ended.abort();
    const limit = setTimeout(() => child?.kill(), STOP_LIMIT_MS);
    await this.#running;
    clearTimeout(limit);
  }

  async #keepRunning(): Promise<void> {
    for (let failures = 0; !this.#ended.signal.aborted; failures += 1) {
      if (failures > 0) await this.#pause(failures);
      if (this.#ended.signal.aborted) return;
      const startedAtMs = performance.now();
      await this.#runOnce();
      if (performance.now() - startedAtMs > HEALTHY_MS) failures = 0;
      this.#state = failures >= 2 ? 'failed' : 'starting';
    }
  }

  async #pause(failures: number): Promise<void> {
    const waitMs = RESTART_MS[Math.min(failures, RESTART_MS.length) - 1];
    await delay(waitMs, undefined, { signal: this.#ended.signal, ref: false }).catch(() => undefined);
  }

  /** Until it is gone. Never rejects. */
  async #runOnce(): Promise<void> {
    const { log, recordChild, onStarted, onGone, isInspected } = this.#options;
    const child = new ForkedProcess({
      entry: ENGINE_ENTRY,
      execArgv: isInspected ? [...process.execArgv, '--inspect=0'] : process.execArgv,
      recordChild,
      onMessage: (message) => this.#hear(message),
      linesPerSecond: Infinity,
      onLine: (line) => log(`torrent engine: ${line}`),
    });
    const watch = new SilenceWatch({
      ask: () => child.send({ type: 'ping' }),
      onSilence: () => child.kill(),
      everyMs: PING_MS,
      unanswered: isInspected ? Infinity : UNANSWERED_LIMIT,
    });
    this.#child = child;
    this.#watch = watch;
    watch.start();
    onStarted((order) => child.send(order));
    const how = await child.exited;
    watch.stop();
    this.#child = undefined;
    if (!this.#ended.signal.aborted) log(`the torrent engine ended (${how}) and is started again`);
    onGone();
  }

  #hear(message: unknown): void {
    const report = parseReport(message);
    if (!report) return this.#options.log('the torrent engine said something that is not in the protocol');
    this.#watch?.heard();
    if (report.type === 'ready') this.#state = 'ready';
    if (report.type !== 'pong') this.#options.onReport(report);
  }
}
