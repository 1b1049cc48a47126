// A disk that is small enough to be filled: mounted for a test where that is allowed.
import { execFileSync } from 'node:child_process';
import { serverHome } from './server-process.ts';

/** Mounts a disk of that size at the directory; unmounted when disposed. */
export function mountedDisk(directory: string, sizeBytes: number): Disposable {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', directory], { stdio: 'pipe' });
  return { [Symbol.dispose]: () => void execFileSync('umount', ['-l', directory]) };
}

/** Why a disk cannot be mounted on this system; undefined when it can. */
export async function whyNoSmallDisk(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can mount a small disk';
  await using home = await serverHome();
  try {
    mountedDisk(home.tmp, 2 ** 20)[Symbol.dispose]();
    return undefined;
  } catch {
    return 'mounting is not allowed here';
  }
}
