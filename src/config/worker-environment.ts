// The flags and the environment of media workers: those of the server, with settings that reduce their memory.
import { codeCacheDirectory } from './code-cache.ts';

/**
 * Settings of malloc in glibc: several threads allocate and free packets by the megabyte, and freed memory is returned to the system at
 * once instead of being kept in an arena of each thread. Other platforms ignore them.
 */
const MALLOC = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_TOP_PAD_: '0',
  MALLOC_MMAP_THRESHOLD_: '131072',
} as const;

/**
 * Workers make many short-lived objects; a small young generation keeps the processes small. They spend their time in native code: the
 * optimizing compiler of V8, which takes megabytes, gains nothing over the baseline compiler.
 */
export const WORKER_FLAGS = ['--max-semi-space-size=1', '--no-opt'];

export function workerEnvironment(): Record<string, string> {
  const inherited = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  // Without the compile cache each worker compiles all of its code, which takes 30 MB.
  return { ...MALLOC, NODE_COMPILE_CACHE: codeCacheDirectory(), ...Object.fromEntries(inherited) };
}
