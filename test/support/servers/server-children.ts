// The child processes of a server as the system shows them: parents, processor time, open files. Linux only.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export const IS_LINUX = process.platform === 'linux';

export interface ChildProcessFacts {
  pid: number;
  /** Clock ticks since boot: with the process id, unique over time. */
  startTicks: number;
  /** Nice value: encoders have 5, workers for short jobs 0. */
  niceness: number;
}

/** Running children of the process, without zombies. */
export function childrenOf(parentPid: number): ChildProcessFacts[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((name) => {
      const fields = statOf(Number(name));
      if (fields === undefined || fields[0] === 'Z' || Number(fields[1]) !== parentPid) return [];
      return [{ pid: Number(name), niceness: Number(fields[16]), startTicks: Number(fields[19]) }];
    });
}

export function encodersOf(parentPid: number): ChildProcessFacts[] {
  return childrenOf(parentPid).filter(({ niceness }) => niceness > 0);
}

/** Whether SIGKILL is pending for the process, which then does nothing but end. */
export function isDoomed(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const pending = [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*(\S+)$/gmu)].map((match) => BigInt(`0x${match[1]}`));
    return pending.some((signals) => (signals & SIGKILL_BIT) !== 0n);
  } catch {
    return true;
  }
}

const SIGKILL_BIT = 1n << 8n;

/** Undefined for an ended process, also while it is a zombie. */
export function parentOf(pid: number): number | undefined {
  const fields = statOf(pid);
  return fields === undefined || fields[0] === 'Z' ? undefined : Number(fields[1]);
}

export function isAlive(pid: number): boolean {
  return parentOf(pid) !== undefined;
}

/** Whether this very process still runs, whatever its parent is now. */
export function isRunning({ pid, startTicks }: ChildProcessFacts): boolean {
  const fields = statOf(pid);
  return fields !== undefined && fields[0] !== 'Z' && Number(fields[19]) === startTicks;
}

/** Sends the signal to each process that still runs. */
export function signalAll(children: readonly ChildProcessFacts[], signal: NodeJS.Signals): void {
  for (const child of children) {
    try {
      process.kill(child.pid, signal);
    } catch {
      // The process ended meanwhile.
    }
  }
}

/** Targets of the open descriptors: paths of files, `socket:[7]`, ... */
export function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${name}`)];
    } catch {
      return [];
    }
  });
}

export async function until(isSo: () => boolean | Promise<boolean>, limitMs: number, what: string): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await isSo())) {
    assert.ok(performance.now() < endMs, `not within ${limitMs} ms: ${what}`);
    await delay(25);
  }
}

/** Fields of /proc/PID/stat from the third (state) on: the name before them may hold any characters. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
