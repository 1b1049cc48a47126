// Waits for the download of a source that comes only in order, if it is small or fast enough.
import { isAbort } from '../../base/app-error.ts';
import type { Source } from '../../sources/port/source.ts';

export interface DownloadLimit {
  /** A larger source is not waited for. */
  bytes: number;
  timeMs: number;
}

/** Waits until the whole source is downloaded; false when that exceeds `limit`. True at once for a seekable source. */
export async function isDownloadedWithin(source: Source, limit: DownloadLimit, signal: AbortSignal): Promise<boolean> {
  const end = (source.sizeBytes ?? limit.bytes) + 1;
  if (source.seekable) return true;
  if (end > limit.bytes + 1) return false;
  const wait = new AbortController();
  const leave = () => wait.abort(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  const timer = setTimeout(() => wait.abort(), limit.timeMs);
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
