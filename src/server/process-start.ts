// The start time of a process: together with the process id it is unique.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A text that differs between two processes with the same id; undefined when there is no such process, or the system does not tell. */
export function processStart(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') return startOnLinux(pid);
    if (process.platform === 'win32') return undefined;
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 1000 }).trim();
    return text === '' ? undefined : text.replaceAll(/\s+/gu, '-');
  } catch {
    return undefined;
  }
}

/** Whether process `pid` runs and was started at `start`. */
export function isSameProcess(pid: number, start: string): boolean {
  return processStart(pid) === start;
}

/** Boot id and start time (field 22 of /proc/pid/stat, counted after the name, which may contain any character). */
function startOnLinux(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().slice(0, 8);
  return ticks === undefined ? undefined : `${boot}-${ticks}`;
}
