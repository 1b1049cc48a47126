// Whether decoding can start at the keyframes of a film: a container's key flag also marks recovery points. Some are looked at, by their
// first bytes where the container's tables lead to them, else by a worker.
import type { Source } from '../../sources/port/source.ts';
import { isDecodingStart, lengthSizeOf, nalCodecOf } from '../bitstream/decoding-start.ts';
import { startsWithStartCode } from '../bitstream/nal-units.ts';
import { SequenceWatch, statedParameterSets } from '../bitstream/parameter-sets.ts';
import type { VideoTrack } from '../model/description.ts';
import type { VideoIndex } from '../index/container/container-index.ts';
import type { RunJob } from '../pool/run-job.ts';
import { usableKeyframes } from './usable-keyframes.ts';
import type { WorkerInput } from '../worker/protocol/protocol.ts';

/** How many are looked at, spread over the film: each costs a range of a remote source. */
const VERIFIED_KEYFRAMES = { file: 12, endpoint: 1 } as const;

/** First bytes by keyframe. */
export type KeyframeHeads = ReadonlyMap<number, Uint8Array>;

/** Of those that are looked at. Needs nothing but the index, so it can be read while a worker describes the film. */
export async function headsToVerify(index: VideoIndex | undefined, source: Source): Promise<KeyframeHeads> {
  const asked = toVerify(usableKeyframes(index?.keyframes ?? []), source);
  if (!asked.length) return new Map();
  const heads = (await index?.readHeads?.(asked)) ?? [];
  return new Map(asked.flatMap((keyframe, i) => (heads[i] ? [[keyframe, heads[i]]] : [])));
}

interface Suspects {
  source: Source;
  /** For a worker. */
  input: WorkerInput;
  run: RunJob;
  video: VideoTrack;
  /** Ascending, in ticks. */
  keyframes: number[];
  heads: Promise<KeyframeHeads>;
}

export interface KeyframeVerdict {
  /** Decoding can start at those that were looked at. */
  areStarts: boolean;
  /** One of them brings other parameter sets than the track is described with. */
  hasChanges: boolean;
}

/** @throws AppError when the source cannot be read */
export async function verifyKeyframes(suspects: Suspects, signal: AbortSignal): Promise<KeyframeVerdict> {
  const { source, input, run, video, keyframes } = suspects;
  const asked = toVerify(keyframes, source);
  const heads = await suspects.heads;
  // What is described as having lengths may have been made so: a worker knows how it is stored.
  const ownHead = (keyframe: number) => {
    const head = heads.get(keyframe);
    return head && !startsWithStartCode(head) ? head : undefined;
  };
  const verdicts = asked.map((keyframe) => {
    const head = ownHead(keyframe);
    return head && isDecodingStart(head, video);
  });
  const hasChanges = bringOtherSets(
    video,
    asked.flatMap((keyframe) => ownHead(keyframe) ?? []),
  );
  if (verdicts.includes(false)) return { areStarts: false, hasChanges };
  const unclear = asked.filter((_, i) => verdicts[i] === undefined);
  if (!unclear.length) return { areStarts: true, hasChanges };
  const { streamIndex, configuration } = video;
  const found = await run({ kind: 'verify', input, streamIndex, configuration, keyframes: unclear }, signal);
  return { areStarts: found.isStart.every(Boolean), hasChanges: hasChanges || found.hasChanges };
}

function bringOtherSets({ codec, configuration }: VideoTrack, heads: Uint8Array[]): boolean {
  const nalCodec = nalCodecOf(codec);
  if (!nalCodec) return false;
  const watch = new SequenceWatch(nalCodec, statedParameterSets(nalCodec, configuration));
  for (const head of heads) watch.see(head, lengthSizeOf(nalCodec, configuration));
  return watch.hasChanged;
}

function toVerify(keyframes: number[], { input }: Source): number[] {
  return spread(keyframes.slice(1), VERIFIED_KEYFRAMES[input.kind]);
}

/** `count` of them at most, the first one included: films change on the way, where one recording follows another. */
function spread(keyframes: number[], count: number): number[] {
  const step = Math.max(1, keyframes.length / count);
  return keyframes.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}
