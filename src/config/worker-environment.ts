// The environment of media workers: the server's own, with what keeps them small.
import { codeCacheDirectory } from './code-cache.ts';

/**
 * For the C library's memory: packets come and go by the megabyte in several threads, and what was freed is given back to the system at
 * once instead of being kept in an arena of each thread. Other platforms do not look at these.
 */
const MALLOC = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_TOP_PAD_: '0',
  MALLOC_MMAP_THRESHOLD_: '131072',
} as const;

export function workerEnvironment(): Record<string, string> {
  const inherited = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  // Without it each worker compiles all of its code for itself, which takes 30 MB.
  return { ...MALLOC, NODE_COMPILE_CACHE: codeCacheDirectory(), ...Object.fromEntries(inherited) };
}
