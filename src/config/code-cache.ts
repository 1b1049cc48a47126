// Where compiled code of the program is kept between runs.
import { join } from 'node:path';

import { userCacheDirectory } from '../base/user-directories.ts';

/** Below the user's cache directory, wherever the data of a server is: all servers of a user run the same code. */
export function codeCacheDirectory(): string {
  return join(userCacheDirectory(process.env, process.platform), 'code');
}
