// How much of a source that only comes in order can be had now: all of it, when it is small or comes fast.
import { isAbort } from '../../base/app-error.ts';
import type { Source } from '../../sources/port/source.ts';

export interface Reach {
  /** A larger source is not waited for. */
  bytes: number;
  timeMs: number;
}

/** Waits until all of the source is here; false when that is more than `reach` allows. */
export async function isDownloadedWithin(source: Source, reach: Reach, signal: AbortSignal): Promise<boolean> {
  const end = (source.sizeBytes ?? reach.bytes) + 1;
  if (source.seekable) return true;
  if (end > reach.bytes + 1) return false;
  const wait = new AbortController();
  const leave = () => wait.abort(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  const timer = setTimeout(() => wait.abort(), reach.timeMs);
  try {
    await source.read({ start: end - 1, end }, wait.signal);
  } catch (error) {
    if (signal.aborted || !isAbort(error)) throw error;
    return false;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
  return source.sizeBytes !== undefined && source.receivedBytes === source.sizeBytes;
}
