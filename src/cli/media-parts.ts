// The media side of the server as it is built by the command line.
import { AppError } from '../base/app-error.ts';
import type { ClosablePlayables } from '../server.ts';

/** Until the media engine is wired in, every source is refused. */
export async function createPlayables(): Promise<ClosablePlayables> {
  return {
    open: async () => {
      throw new AppError('NOT_READY', 'The media engine is not there yet.');
    },
  };
}
