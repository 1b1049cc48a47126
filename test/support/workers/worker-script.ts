// The script of a scripted worker, carried in a job in place of the path of the source.
import type { MediaInput } from '../../../src/sources/port/source.ts';

export interface WorkerScript {
  /** The worker appends a JSON line at each start and end of a segment. */
  logPath: string;
  segmentMs: number;
  /** Additional time of an encoder's first segment. */
  startMs: number;
  sizeBytes: number;
  failingNumbers: number[];
  /** When this file exists: remove it (unless its name ends in `.always`) and die by SIGKILL within a segment. */
  crashMarker?: string;
  /** When this file exists: remove it and block forever within a segment. */
  hangMarker?: string;
  /** Memory to allocate for the segment. */
  hogBytes?: number;
}

export function scriptInput(script: WorkerScript): MediaInput {
  return { kind: 'file', path: JSON.stringify(script), sizeBytes: 0, mtimeNs: '0', inode: '' };
}

/** @throws TypeError for a job without a script */
export function parseScript(input: MediaInput): WorkerScript {
  const script: unknown = input.kind === 'file' ? JSON.parse(input.path) : undefined;
  if (!isScript(script)) throw new TypeError('a job without a script');
  return script;
}

function isScript(value: unknown): value is WorkerScript {
  return typeof value === 'object' && value !== null && 'logPath' in value && 'segmentMs' in value;
}
