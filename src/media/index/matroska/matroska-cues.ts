// Keyframes of a Matroska source, from its cues, and from the first cluster if the cues start too late.
import { blockIn, childrenFrom, elementAt, timestampIn } from './matroska-clusters.ts';
import { walkCues } from './matroska-cue-points.ts';
import { ID } from './matroska-ids.ts';
import type { WindowedReader } from '../container/windowed-reader.ts';

/** Sorting more would block the event loop, and no muxer writes so many out of order. */
const MAX_UNSORTED = 50_000;

/**
 * Bytes of the segment's data before each of the keyframes `times`, by their cues; undefined if one has none, or if they do not ascend.
 */
export async function cuePositions(
  cues: DataView,
  trackNumber: number,
  times: readonly number[],
): Promise<number[] | undefined> {
  const byTime = new Map<number, number>();
  await walkCues(cues, trackNumber, ({ time, cluster, inCluster = 0 }) => {
    if (cluster !== undefined && !byTime.has(time)) byTime.set(time, cluster + inCluster);
    return true;
  });
  const positions = times.flatMap((time) => byTime.get(time) ?? []);
  const isAscending = positions.every((position, i) => i === 0 || position >= (positions[i - 1] ?? 0));
  return isAscending && positions.length === times.length ? positions : undefined;
}

/** Times of the cues of that track, ascending, each once, in segment ticks. Undefined when the element is damaged, or long and unsorted. */
export async function parseCueTimes(cues: DataView, trackNumber: number): Promise<number[] | undefined> {
  const times: number[] = [];
  let isAscending = true;
  const isWhole = await walkCues(cues, trackNumber, ({ time }) => {
    const last = times.at(-1) ?? -1;
    isAscending &&= time >= last;
    if (time !== last) times.push(time);
    return isAscending || times.length <= MAX_UNSORTED;
  });
  if (!isWhole) return undefined;
  if (isAscending) return times;
  // Typed arrays sort numbers faster than a comparator.
  return [...Float64Array.from(times).toSorted()].filter((time, i, sorted) => time !== sorted[i - 1]);
}

/**
 * Time of the first block of that track in the cluster at `offset`, if it is a keyframe, in segment ticks.
 * Reads only headers within the first MiB of the cluster.
 */
export async function readFirstKeyframe(
  reader: WindowedReader,
  offset: number,
  trackNumber: number,
): Promise<number | undefined> {
  const cluster = await elementAt(reader, offset);
  if (!cluster) return undefined;
  let clusterTime = 0;
  for await (const element of childrenFrom(reader, cluster)) {
    if (element.id === ID.timestamp) clusterTime = await timestampIn(reader, element);
    const block = await blockIn(reader, element);
    if (block?.trackNumber !== trackNumber) continue;
    const time = clusterTime + block.relativeTime;
    // libavformat gives no timestamp to a block before zero.
    return block.isKeyframe && time >= 0 ? time : undefined;
  }
  return undefined;
}
