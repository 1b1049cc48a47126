// The directory of the compile cache of the program.
import { join } from 'node:path';

import { userCacheDirectory } from '../base/user-directories.ts';

/** In the user's cache directory, independent of the data directory: all servers of a user run the same code. */
export function codeCacheDirectory(): string {
  return join(userCacheDirectory(process.env, process.platform), 'code');
}
