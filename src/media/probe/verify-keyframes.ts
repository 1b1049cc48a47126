// Whether decoding can start at the keyframes of a source: a container's key flag also marks recovery points. Some keyframes are verified, by
// their first bytes if the container's tables give the positions, else by a worker.
import type { Source } from '../../sources/port/source.ts';
import { isDecodingStart, lengthSizeOf, nalCodecOf } from '../bitstream/decoding-start.ts';
import { startsWithStartCode } from '../bitstream/nal-units.ts';
import { SequenceWatch, statedParameterSets } from '../bitstream/parameter-sets.ts';
import type { VideoTrack } from '../model/description.ts';
import type { VideoIndex } from '../index/container/container-index.ts';
import type { RunJob } from '../pool/run-job.ts';
import { thinnedKeyframes } from './thinned-keyframes.ts';
import type { WorkerInput } from '../worker/protocol/protocol.ts';

/** How many keyframes are verified, spread over the video: each costs one range request of a remote source. */
const VERIFIED_KEYFRAMES = { file: 12, endpoint: 1 } as const;

/** First bytes by keyframe. */
export type KeyframeHeads = ReadonlyMap<number, Uint8Array>;

/** Heads of the keyframes to verify. They need the index alone, so they are read while a worker describes the source. */
export async function headsToVerify(index: VideoIndex | undefined, source: Source): Promise<KeyframeHeads> {
  const asked = toVerify(thinnedKeyframes(index?.keyframes ?? []), source);
  if (!asked.length) return new Map();
  const heads = (await index?.readHeads?.(asked)) ?? [];
  return new Map(asked.flatMap((keyframe, i) => (heads[i] ? [[keyframe, heads[i]]] : [])));
}

interface Suspects {
  source: Source;
  /** The source as workers read it. */
  input: WorkerInput;
  run: RunJob;
  video: VideoTrack;
  /** Ascending, in ticks. */
  keyframes: number[];
  heads: Promise<KeyframeHeads>;
}

export interface KeyframeVerdict {
  /** Decoding can start at the verified keyframes. */
  areStarts: boolean;
  /** One of them carries other parameter sets than the description of the track. */
  hasChanges: boolean;
}

/** @throws AppError when the source cannot be read */
export async function verifyKeyframes(suspects: Suspects, signal: AbortSignal): Promise<KeyframeVerdict> {
  const { source, input, run, video, keyframes } = suspects;
  const asked = toVerify(keyframes, source);
  const heads = await suspects.heads;
  // The described configuration may have been converted from start codes to length prefixes; a worker knows the stored format.
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

/** At most `count` keyframes, including the first, spread evenly: joined recordings change in the middle. */
function spread(keyframes: number[], count: number): number[] {
  const step = Math.max(1, keyframes.length / count);
  return keyframes.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}
