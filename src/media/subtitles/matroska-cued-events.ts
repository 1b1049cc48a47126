// Lines of a Matroska film one by one, where its cues point.
import type { ByteRange } from '../../base/byte-range.ts';
import { ELEMENT_HEADER_BYTES, parseElementHeader } from '../index/matroska/matroska-ebml.ts';
import { ID } from '../index/matroska/matroska-ids.ts';
import { WindowedReader } from '../index/container/windowed-reader.ts';
import type { SubtitleEvent } from './cue.ts';
import { inOrder, rotated } from './in-order.ts';
import { isBlock, parseSubtitleBlock, trackOfBlock } from './matroska-block.ts';
import type { CuePlace } from './matroska-cue-places.ts';
import { eventOf, toMs, type Film } from './matroska-source.ts';
import { walkedEvents } from './matroska-walked-events.ts';
import { neighbours } from './neighbours.ts';

/** A line of text with its header, and what comes next, seldom takes more. */
const BLOCK_WINDOW_BYTES = 1024;
const PEEK_BYTES = 64;
/** A later cluster has a header of the same length as the one before; it is looked at only when that was wrong. */
const USUAL_CLUSTER_HEADER_BYTES = 12;
const AT_A_TIME = 3;

/** A few reads at a time, the answers in order of time. Clusters whose blocks are not pointed at are walked through, once each. */
export async function* cuedEvents(film: Film, places: CuePlace[]): AsyncGenerator<SubtitleEvent> {
  const known = { clusterHeaderBytes: USUAL_CLUSTER_HEADER_BYTES };
  const walked = new Set<number>();
  const exact = places.filter(
    ({ cluster, inCluster }) => inCluster !== undefined || (!walked.has(cluster) && walked.add(cluster)),
  );
  const wanted = rotated(exact, ({ time }) => toMs(film, time) >= film.fromMs);
  const groups = neighbours(wanted, beginningOf);
  for await (const events of inOrder(groups, AT_A_TIME, (group) => eventsOf(film, group, known))) yield* events;
}

/** Where a block begins, but for the length of its cluster's header; undefined: somewhere in the cluster. */
function beginningOf({ cluster, inCluster }: CuePlace): ByteRange | undefined {
  return inCluster === undefined ? undefined : { start: cluster + inCluster, end: cluster + inCluster };
}

interface Lines {
  reader: WindowedReader;
  /** Enough for all of them, as a rule. */
  windowBytes: number;
  known: { clusterHeaderBytes: number };
}

async function eventsOf(film: Film, group: CuePlace[], known: Lines['known']): Promise<SubtitleEvent[]> {
  const [first, last] = [group[0], group.at(-1)].map((place) => (place && beginningOf(place)?.start) ?? 0);
  const windowBytes = (last ?? 0) - (first ?? 0) + BLOCK_WINDOW_BYTES;
  const lines = { reader: new WindowedReader(film.sparse), windowBytes, known };
  const events: SubtitleEvent[] = [];
  for (const place of group) events.push(...(await eventsAt(film, place, lines)));
  return events;
}

async function eventsAt(film: Film, place: CuePlace, lines: Lines): Promise<SubtitleEvent[]> {
  const cluster = film.layout.dataStart + place.cluster;
  if (place.inCluster !== undefined) {
    const first = await eventAt(
      film,
      { ...place, at: cluster + lines.known.clusterHeaderBytes + place.inCluster },
      lines,
    );
    if (first) return [first];
  }
  const header = parseElementHeader(
    await new WindowedReader(film.sparse).read(cluster, ELEMENT_HEADER_BYTES, PEEK_BYTES),
  );
  if (header?.id !== ID.cluster) return [];
  if (place.inCluster !== undefined) {
    lines.known.clusterHeaderBytes = header.headerBytes;
    const second = await eventAt(film, { ...place, at: cluster + header.headerBytes + place.inCluster }, lines);
    return second ? [second] : [];
  }
  const end = cluster + header.headerBytes + (header.dataBytes ?? Infinity);
  const events: SubtitleEvent[] = [];
  for await (const event of walkedEvents(film, { at: cluster, end, isOneCluster: true })) events.push(event);
  return events;
}

/** Undefined when there is no block of the track at that byte. */
async function eventAt(
  film: Film,
  { at, time, duration }: CuePlace & { at: number },
  { reader, windowBytes }: Lines,
): Promise<SubtitleEvent | undefined> {
  const header = parseElementHeader(await reader.read(at, ELEMENT_HEADER_BYTES, windowBytes));
  if (!header || !isBlock(header.id) || (header.dataBytes ?? Infinity) > film.maxEventBytes) return undefined;
  const data = await reader.read(at + header.headerBytes, header.dataBytes ?? 0, windowBytes);
  const block = parseSubtitleBlock(header.id, data);
  if (!block || trackOfBlock(header.id, data) !== film.track.number) return undefined;
  return eventOf(film, { ...block, duration: block.duration ?? duration }, time);
}
