// The options of the scheduler and their defaults.
import { MIB } from '../../base/units.ts';
import type { SegmentStore } from '../store/segment-store.ts';
import { SILENT, type SegmentLog } from './segment-log.ts';
import type { WorkerPool } from '../pool/worker-pool.ts';

export interface SegmentSchedulerOptions {
  store: SegmentStore;
  pool: WorkerPool;
  /** Default: none. */
  log?: SegmentLog;
  /** Live video encoders. Default: the number of cores, at least 2. */
  maxEncoders?: number;
  /** How far encoders work beyond the newest request. Default 30 s. */
  aheadSeconds?: number;
  /** Default 64 MiB. */
  aheadBytes?: number;
  /** Played seconds before a viewer's newest request that are pinned in the store. Default 30 s. */
  behindSeconds?: number;
  /** Segments of short jobs prefetched after a served one while the workers are idle. Default 1. */
  prefetchCount?: number;
  /** Delay before that prefetch. Default 100 ms. */
  prefetchDelayMs?: number;
  /** An encoder that has had no request for this long makes nothing ahead. Default 20 s. */
  pauseAfterMs?: number;
  /** An encoder that has had no request for this long ends. Default 60 s. */
  endAfterMs?: number;
  /** A short job that has run this long, because much of it had to be encoded, gets `graceMs` too when its last request is aborted. Default 5 s. */
  longJobMs?: number;
  /** Default 10 s. See `EncoderFleetOptions`. */
  turnMs?: number;
  /** Default 1 s. See `EncoderFleetOptions`. */
  graceMs?: number;
  /** How long a rendition that failed three times in a row answers with its error at once. Default 5 s. */
  coolDownMs?: number;
  /** The longest time between two failures in a row. Default 30 s. */
  quickMs?: number;
  /** Monotonic clock, milliseconds. */
  now?: () => number;
}

export const SCHEDULER_DEFAULTS = {
  log: SILENT,
  aheadSeconds: 30,
  aheadBytes: 64 * MIB,
  behindSeconds: 30,
  prefetchCount: 1,
  prefetchDelayMs: 100,
  longJobMs: 5000,
  pauseAfterMs: 20_000,
  endAfterMs: 60_000,
  turnMs: 10_000,
  graceMs: 1000,
  coolDownMs: 5000,
  quickMs: 30_000,
} as const;
