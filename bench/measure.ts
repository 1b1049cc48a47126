// What the benchmarks measure with: clocks, percentiles, the CPU time and memory of a process and its children.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One line of the table: what was measured, against what, and whether the limit holds. */
export interface Row {
  name: string;
  figure: string;
  /** What the figure must not exceed, in words; empty where there is no limit. */
  limit: string;
  holds: boolean;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

export function childrenOf(pid: number): number[] {
  const children: number[] = [];
  for (const entry of readdirSync('/proc')) {
    if (/^\d+$/.test(entry) && fieldsOf(Number(entry))[1] === String(pid)) children.push(Number(entry));
  }
  return children;
}

/** CPU seconds (user and system) of a process, its living children and those that ended. */
export function cpuSeconds(pid: number): number {
  const fields = fieldsOf(pid);
  // proc(5): utime, stime, cutime, cstime are fields 14 to 17; ours start at field 3.
  const own = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0) / TICKS_PER_SECOND;
  return childrenOf(pid).reduce((sum, child) => sum + cpuSeconds(child), own);
}

const TICKS_PER_SECOND = 100;

/** Resident megabytes of one process. */
export function residentMb(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1];
  return (Number(pages) * 4096) / 1e6;
}

/** Megabytes of a process and its children, shared pages counted by halves, thirds and so on (PSS). */
export function proportionalMb(pid: number): number {
  return childrenOf(pid).reduce((sum, child) => sum + proportionalMb(child), ownProportionalMb(pid));
}

function ownProportionalMb(pid: number): number {
  try {
    return (Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1]) * 1024) / 1e6;
  } catch {
    // It has ended.
    return 0;
  }
}

export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Fields of /proc/pid/stat from the third on (after the name, which may hold anything); empty when the process is gone. */
function fieldsOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** Runs a program to its end. @throws when it fails */
export function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} failed: ${complaint.slice(-500)}`)),
    );
  });
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
