// The interface by which media/ runs jobs on workers.
import type { WorkerJob, WorkerResults } from '../worker/protocol/protocol.ts';

/** Does one job in any media worker. */
export type RunJob = <J extends WorkerJob>(job: J, signal: AbortSignal) => Promise<WorkerResults[J['kind']]>;
