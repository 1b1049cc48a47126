// Whether a process works, by the processor time it uses: a long call into the media library keeps a worker from answering, not from that.
import { readFileSync } from 'node:fs';

/** Tells at each call whether the process has worked since the one before; always true where that is not known: elsewhere than on Linux. */
export function processorUse(pid: number | undefined): () => boolean {
  let before: number | undefined;
  return () => {
    const ticks = pid === undefined ? undefined : processorTicks(pid);
    const hasWorked = ticks === undefined || ticks !== before;
    before = ticks;
    return hasWorked;
  };
}

/** Processor time the process has used, in ticks of the system; undefined where that is not known. */
function processorTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}
