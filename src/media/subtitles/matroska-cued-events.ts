// Reads the subtitle events of a Matroska source one by one, at the positions that its cues give.
import type { ByteRange } from '../../base/byte-range.ts';
import { ELEMENT_HEADER_BYTES, parseElementHeader } from '../index/matroska/matroska-ebml.ts';
import { ID } from '../index/matroska/matroska-ids.ts';
import { WindowedReader } from '../index/container/windowed-reader.ts';
import type { SubtitleEvent } from './cue.ts';
import { inOrder, rotated } from './in-order.ts';
import { isBlock, parseSubtitleBlock, trackOfBlock } from './matroska-block.ts';
import type { SubtitleCue } from './matroska-cue-positions.ts';
import { eventOf, toMs, type MatroskaSource } from './matroska-source.ts';
import { walkedEvents } from './matroska-walked-events.ts';
import { neighbours } from './neighbours.ts';

/** An event with its headers rarely takes more. */
const BLOCK_WINDOW_BYTES = 1024;
const PEEK_BYTES = 64;
/** Clusters usually have headers of equal length; a header is read only when the assumed length was wrong. */
const USUAL_CLUSTER_HEADER_BYTES = 12;
const AT_A_TIME = 3;

/** Runs a few reads in parallel and yields the events in order of time. Cues without a block position make their cluster walked, once each. */
export async function* cuedEvents(source: MatroskaSource, cues: SubtitleCue[]): AsyncGenerator<SubtitleEvent> {
  const known = { clusterHeaderBytes: USUAL_CLUSTER_HEADER_BYTES };
  const walked = new Set<number>();
  const exact = cues.filter(
    ({ cluster, inCluster }) => inCluster !== undefined || (!walked.has(cluster) && walked.add(cluster)),
  );
  const wanted = rotated(exact, ({ time }) => toMs(source, time) >= source.fromMs);
  const groups = neighbours(wanted, beginningOf);
  for await (const events of inOrder(groups, AT_A_TIME, (group) => eventsOf(source, group, known))) yield* events;
}

/** The start of a block, without the length of its cluster's header; undefined: somewhere in the cluster. */
function beginningOf({ cluster, inCluster }: SubtitleCue): ByteRange | undefined {
  return inCluster === undefined ? undefined : { start: cluster + inCluster, end: cluster + inCluster };
}

interface GroupRead {
  reader: WindowedReader;
  /** Usually enough for all events of the group. */
  windowBytes: number;
  known: { clusterHeaderBytes: number };
}

async function eventsOf(
  source: MatroskaSource,
  group: SubtitleCue[],
  known: GroupRead['known'],
): Promise<SubtitleEvent[]> {
  const [first, last] = [group[0], group.at(-1)].map((cue) => (cue && beginningOf(cue)?.start) ?? 0);
  const windowBytes = (last ?? 0) - (first ?? 0) + BLOCK_WINDOW_BYTES;
  const groupRead = { reader: new WindowedReader(source.sparse), windowBytes, known };
  const events: SubtitleEvent[] = [];
  for (const cue of group) events.push(...(await eventsAt(source, cue, groupRead)));
  return events;
}

async function eventsAt(source: MatroskaSource, cue: SubtitleCue, groupRead: GroupRead): Promise<SubtitleEvent[]> {
  const cluster = source.layout.dataStart + cue.cluster;
  if (cue.inCluster !== undefined) {
    const first = await eventAt(
      source,
      { ...cue, at: cluster + groupRead.known.clusterHeaderBytes + cue.inCluster },
      groupRead,
    );
    if (first) return [first];
  }
  const header = parseElementHeader(
    await new WindowedReader(source.sparse).read(cluster, ELEMENT_HEADER_BYTES, PEEK_BYTES),
  );
  if (header?.id !== ID.cluster) return [];
  if (cue.inCluster !== undefined) {
    groupRead.known.clusterHeaderBytes = header.headerBytes;
    const second = await eventAt(source, { ...cue, at: cluster + header.headerBytes + cue.inCluster }, groupRead);
    return second ? [second] : [];
  }
  const end = cluster + header.headerBytes + (header.dataBytes ?? Infinity);
  const events: SubtitleEvent[] = [];
  for await (const event of walkedEvents(source, { at: cluster, end, isOneCluster: true })) events.push(event);
  return events;
}

/** The event at a byte; undefined when no block of the track begins at it. */
async function eventAt(
  source: MatroskaSource,
  { at, time, duration }: SubtitleCue & { at: number },
  { reader, windowBytes }: GroupRead,
): Promise<SubtitleEvent | undefined> {
  const header = parseElementHeader(await reader.read(at, ELEMENT_HEADER_BYTES, windowBytes));
  if (!header || !isBlock(header.id) || (header.dataBytes ?? Infinity) > source.maxEventBytes) return undefined;
  const data = await reader.read(at + header.headerBytes, header.dataBytes ?? 0, windowBytes);
  const block = parseSubtitleBlock(header.id, data);
  if (!block || trackOfBlock(header.id, data) !== source.track.number) return undefined;
  return eventOf(source, { ...block, duration: block.duration ?? duration }, time);
}
