// Intermediate results of probing a source.
import type { Source } from '../../sources/port/source.ts';
import type { ContainerIndex } from '../index/container/container-index.ts';
import type { MediaDescription } from '../model/description.ts';
import type { Splices } from '../model/rendition-track.ts';
import type { RunJob } from '../pool/run-job.ts';
import type { ScanResult, WorkerInput } from '../worker/protocol/protocol.ts';

export interface Subject {
  source: Source;
  run: RunJob;
  /** Whether reads are possible at any position without waiting for the bytes before it. */
  isRandomAccess: boolean;
  /** Whether the source can be read to its end in reasonable time. */
  isMeasurable: Promise<boolean>;
}

export interface Findings extends Subject {
  description: MediaDescription;
  index: ContainerIndex | undefined;
  /** First bytes of the keyframes to verify, by keyframe. */
  heads: Promise<ReadonlyMap<number, Uint8Array>>;
  scan?: ScanResult | undefined;
}

/** The splices of a source: as scanned, otherwise as the container's tables state them. */
export function splicesOf({ scan, index }: Pick<Findings, 'scan' | 'index'>): Splices | undefined {
  if (scan?.splices || !index?.pieces) return scan?.splices;
  return { continuations: [], clock: [], places: [], pieces: index.pieces };
}

/** The worker's access to a source. MP4 lists all positions at the beginning; other containers would seek to an index at the end. */
export function inputFor(source: Source, container: string, splices?: Splices): WorkerInput {
  const input = container.startsWith('mov') ? source.input : (source.inOrderInput ?? source.input);
  return splices ? { ...input, splices } : input;
}
