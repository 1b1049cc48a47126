// All parts that make segments, in a temporary directory, with scripted worker processes: for the tests of their rules.
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScheduledRendition } from '../../../src/media/plan/scheduled-rendition.ts';
import {
  LocalSegmentStore,
  type LocalSegmentStoreOptions,
} from '../../../src/media/store/local/local-segment-store.ts';
import type { Segment, SegmentStore } from '../../../src/media/store/segment-store.ts';
import type { SegmentSchedulerOptions } from '../../../src/media/schedule/scheduler-options.ts';
import { SegmentScheduler } from '../../../src/media/schedule/segment-scheduler.ts';
import { WorkerPool, type WorkerPoolOptions } from '../../../src/media/pool/worker-pool.ts';
import { scriptInput, type WorkerScript } from './worker-script.ts';

export interface WorkerEvent {
  what: 'start' | 'done' | 'cancelled' | 'failed';
  number: number;
  key: string;
  pid: number;
}

export interface StudioOptions {
  pool?: Partial<WorkerPoolOptions>;
  store?: Partial<LocalSegmentStoreOptions>;
  /** Replaces the local store. Closed with the studio. */
  otherStore?: SegmentStore;
  scheduler?: Partial<SegmentSchedulerOptions>;
}

export class SegmentStudio implements AsyncDisposable {
  readonly directory: string;
  readonly pool: WorkerPool;
  readonly store: SegmentStore;
  readonly scheduler: SegmentScheduler;
  /** Messages and exits of the workers. */
  readonly lines: string[];

  static async open({ pool, store, otherStore, scheduler }: StudioOptions = {}): Promise<SegmentStudio> {
    const directory = await mkdtemp(join(tmpdir(), 'raffi-studio-'));
    const lines: string[] = [];
    const entry = new URL('./scripted-worker.ts', import.meta.url);
    const workers = new WorkerPool({ entry, log: (line) => lines.push(line), ...pool });
    const opened = otherStore ?? (await LocalSegmentStore.open({ root: join(directory, 'cache'), ...store }));
    const segments = new SegmentScheduler({ store: opened, pool: workers, prefetchCount: 0, ...scheduler });
    return new SegmentStudio({ directory, pool: workers, store: opened, scheduler: segments, lines });
  }

  private constructor(parts: Pick<SegmentStudio, 'directory' | 'pool' | 'store' | 'scheduler' | 'lines'>) {
    this.directory = parts.directory;
    this.pool = parts.pool;
    this.store = parts.store;
    this.scheduler = parts.scheduler;
    this.lines = parts.lines;
  }

  /** A source of 500 segments of 2 s. */
  rendition(key: string, work: 'short' | 'run', script: Partial<WorkerScript> = {}): ScheduledRendition {
    const whole = {
      logPath: this.path('log'),
      segmentMs: 20,
      startMs: 0,
      sizeBytes: 1000,
      failingNumbers: [],
      ...script,
    };
    return {
      name: key,
      sourceId: 'd'.repeat(32),
      key,
      format: 'cmaf',
      work,
      medium: 'video',
      count: 500,
      secondsOf: (number) => ({ start: 2 * number, end: 2 * number + 2 }),
      jobFor: (number) => ({
        kind: 'segment',
        input: scriptInput(whole),
        origin: { ticks: 0, timeBase: { num: 1, den: 1000 } },
        format: 'cmaf',
        number,
        video: undefined,
        audio: undefined,
        renditionKey: key,
      }),
    };
  }

  request(rendition: ScheduledRendition, number: number, viewer = 'viewer'): Promise<Segment> {
    return this.scheduler.request({ rendition, number, viewer }, AbortSignal.timeout(20_000));
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Injects a fault: see `WorkerScript`. */
  async mark(name: string): Promise<string> {
    await writeFile(this.path(name), '');
    return this.path(name);
  }

  async events(what?: WorkerEvent['what']): Promise<WorkerEvent[]> {
    if (!existsSync(this.path('log'))) return [];
    // Text after the last line break is still being written.
    const lines = (await readFile(this.path('log'), 'utf8')).split('\n').slice(0, -1);
    return lines
      .map((line): unknown => JSON.parse(line))
      .filter(isWorkerEvent)
      .filter((event) => what === undefined || event.what === what);
  }

  /** Numbers of the segments whose jobs were started, in order. */
  async begun(key?: string): Promise<number[]> {
    return (await this.events('start'))
      .filter((event) => key === undefined || event.key === key)
      .map(({ number }) => number);
  }

  /** Pids of the worker processes that received segments (of one rendition). */
  async pids(key?: string): Promise<number[]> {
    const events = await this.events('start');
    return [...new Set(events.filter((event) => key === undefined || event.key === key).map(({ pid }) => pid))];
  }

  /** Sizes of all files with the name of a finished segment. */
  async segmentSizes(): Promise<number[]> {
    const names = await readdir(this.path('cache'), { recursive: true });
    const sizes = names.filter((name) => name.endsWith('.m4s')).map((name) => stat(this.path(join('cache', name))));
    return (await Promise.all(sizes)).map(({ size }) => size);
  }

  /** Pids of the living worker processes that encode or have encoded. */
  async alive(): Promise<number[]> {
    return (await this.pids()).filter(isAlive);
  }

  /** Files below the root of the store that are not finished segments. */
  async drafts(): Promise<string[]> {
    return await readdir(this.path('cache/drafts')).catch(() => []);
  }

  /** Waits until `isSo`; fails after twenty seconds. */
  async until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + 20_000;
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`still not so after 20 s: ${what}`);
      await sleep(5);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scheduler[Symbol.asyncDispose]();
    await this.pool[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function isWorkerEvent(value: unknown): value is WorkerEvent {
  return typeof value === 'object' && value !== null && 'what' in value && 'number' in value && 'pid' in value;
}
