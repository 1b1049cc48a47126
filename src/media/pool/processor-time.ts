// Whether a process works, by its processor time: a long call into the media library keeps a worker from answering, but uses processor time.
import { readFileSync } from 'node:fs';

/** Each call of the result says whether the process has worked since the call before; always true where that is unknown: on systems other than Linux. */
export function processorUse(pid: number | undefined): () => boolean {
  let before: number | undefined;
  return () => {
    const ticks = pid === undefined ? undefined : processorTicks(pid);
    const hasWorked = ticks === undefined || ticks !== before;
    before = ticks;
    return hasWorked;
  };
}

/** Processor time the process has used, in ticks of the system; undefined where that is unknown. */
function processorTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}
