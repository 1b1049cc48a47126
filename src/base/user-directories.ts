// The directories of the operating system for caches and for kept files of a user.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The cache directory of the program for this user. @param env for `XDG_CACHE_HOME` and `LOCALAPPDATA` */
export function userCacheDirectory(env: Record<string, string | undefined>, platform: NodeJS.Platform): string {
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'Raffi', 'Cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'Raffi');
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'raffi');
}

/** The directory of kept files of the program for this user. @param env for `XDG_CONFIG_HOME` and `APPDATA` */
export function userConfigDirectory(env: Record<string, string | undefined>, platform: NodeJS.Platform): string {
  if (platform === 'win32') return join(env['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Raffi');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Raffi');
  return join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'Raffi');
}
