// What has been found out about a source on the way to its facts.
import type { Source } from '../../sources/port/source.ts';
import type { ContainerIndex } from '../index/container/container-index.ts';
import type { MediaDescription } from '../model/description.ts';
import type { Splices } from '../model/rendition-track.ts';
import type { RunJob } from '../pool/run-job.ts';
import type { ScanResult, WorkerInput } from '../worker/protocol/protocol.ts';

export interface Subject {
  source: Source;
  run: RunJob;
  /** True: no read waits for what comes before. */
  isWhole: boolean;
  /** Whether it can be read to its end in reasonable time. */
  isMeasurable: Promise<boolean>;
}

export interface Findings extends Subject {
  description: MediaDescription;
  index: ContainerIndex | undefined;
  /** First bytes of keyframes to be verified, by keyframe. */
  heads: Promise<ReadonlyMap<number, Uint8Array>>;
  scan?: ScanResult | undefined;
}

/** How workers read a source: MP4 lists all its places in front, others would look for theirs at the end. */
export function inputFor(source: Source, container: string, splices?: Splices): WorkerInput {
  const input = container.startsWith('mov') ? source.input : (source.inOrderInput ?? source.input);
  return splices ? { ...input, splices } : input;
}
