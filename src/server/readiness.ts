// The readiness of the parts of the server, for `GET /ready`.
import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { MIB } from '../base/units.ts';

import type { Readiness } from '../http/routes/health.ts';

export type PartState = Readiness['parts'][string]['state'];

export interface PartStates {
  media(): PartState;
  torrents(): PartState;
}

/** Free space for a few segments. */
const DISK_NEEDED_BYTES = 64 * MIB;

export async function readiness(state: PartStates, directory: string): Promise<Readiness> {
  const disk = await diskState(directory);
  const parts = { media: { state: state.media() }, disk, torrents: { state: state.torrents() } };
  return { ready: Object.values(parts).every((part) => part.state === 'ready'), parts };
}

/** Whether segments can be written. */
async function diskState(directory: string): Promise<Readiness['parts'][string]> {
  try {
    await access(directory, constants.W_OK);
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize >= DISK_NEEDED_BYTES ? { state: 'ready' } : { state: 'failed', detail: 'the disk is full' };
  } catch {
    return { state: 'failed', detail: 'the directory for segments cannot be written' };
  }
}
