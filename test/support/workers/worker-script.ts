// What a scripted worker is told to do, carried in a job where the path of the film would be.
import type { MediaInput } from '../../../src/sources/port/source.ts';

export interface WorkerScript {
  /** The worker appends a line of JSON for each start and end of a segment. */
  logPath: string;
  segmentMs: number;
  /** What the first segment of an encoder takes longer. */
  startMs: number;
  sizeBytes: number;
  failingNumbers: number[];
  /** When this file exists: remove it (unless it is called `.always`) and die by SIGKILL in mid-segment. */
  crashMarker?: string;
  /** When this file exists: remove it and block for ever in mid-segment. */
  hangMarker?: string;
  /** Memory it takes for the segment. */
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
