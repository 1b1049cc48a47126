// Records child processes, so that the next server can end the ones that this server leaves behind.
import type { MediaContext } from './server.ts';

/** A record that cannot be written, for example on a full disk, is not an error: the next server only cannot end that process. */
export function recordedChild(
  pid: number,
  { recordChild, log }: Pick<MediaContext, 'recordChild' | 'log'>,
): { forget(): void } {
  try {
    return recordChild(pid);
  } catch (err) {
    log.warn({ err, pid }, 'a child process could not be recorded');
    return { forget: () => undefined };
  }
}
