// The numbers the scheduler goes by.
import type { SegmentStore } from '../store/segment-store.ts';
import { SILENT, type SegmentLog } from './segment-log.ts';
import type { WorkerPool } from '../pool/worker-pool.ts';

export interface SegmentSchedulerOptions {
  store: SegmentStore;
  pool: WorkerPool;
  /** Default: none. */
  log?: SegmentLog;
  /** Live video encoders. Default: the cores, 2 at least. Audio, which is light, may have four times as many. */
  maxEncoders?: number;
  /** How far encoders work beyond the newest request. Default 30 s. */
  aheadSeconds?: number;
  /** Default 64 MiB. */
  aheadBytes?: number;
  /** Played seconds before a viewer's newest request that are pinned in the store. Default 30 s. */
  behindSeconds?: number;
  /** Copied segments made after one that was served, when the workers have nothing else to do. Default 1. */
  copyAhead?: number;
  /** How long after that. Default 100 ms. */
  copyAheadDelayMs?: number;
  /** Encoders without a request for this long work no further. Default 20 s. */
  pauseAfterMs?: number;
  /** And end after this long. Default 60 s. */
  endAfterMs?: number;
  /** A copy that took so long already, for much of it had to be encoded, has `graceMs` too when nobody waits any more. Default 5 s. */
  longCopyMs?: number;
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

export const SCHEDULER_DEFAULTS = {
  log: SILENT,
  aheadSeconds: 30,
  aheadBytes: 64 * 2 ** 20,
  behindSeconds: 30,
  copyAhead: 1,
  copyAheadDelayMs: 100,
  longCopyMs: 5000,
  pauseAfterMs: 20_000,
  endAfterMs: 60_000,
  turnMs: 10_000,
  graceMs: 1000,
  coolDownMs: 5000,
  quickMs: 30_000,
} as const;
