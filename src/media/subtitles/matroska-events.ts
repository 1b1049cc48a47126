// The events of a subtitle track of a Matroska film: block by block where its cues list them, else by walking the clusters from
// header to header, past the bytes of picture and sound.
import { AppError } from '../../base/app-error.ts';
import { ELEMENT_HEADER_BYTES, parseElementHeader, unsignedValue, type ElementHeader } from '../index/matroska-ebml.ts';
import { ID } from '../index/matroska-ids.ts';
import { readSegmentLayout, readTopLevel, type SegmentLayout } from '../index/matroska-segment.ts';
import { parseInfo } from '../index/matroska-tracks.ts';
import { WindowedReader } from '../index/windowed-reader.ts';
import type { ByteReader } from '../index/container-index.ts';
import type { Rational } from '../../base/rational.ts';
import { toTimeline } from '../media-clock.ts';
import type { Origin } from '../worker/protocol.ts';
import type { SubtitleEvent } from './cue.ts';
import { inOrder, rotated } from './in-order.ts';
import { isBlock, parseSubtitleBlock, trackOfBlock, type SubtitleBlock } from './matroska-block.ts';
import { cuePlaces, type CuePlace } from './matroska-cue-places.ts';
import { parseSubtitleTrack, type MatroskaSubtitleTrack } from './matroska-track.ts';

const MEBIBYTE = 1024 * 1024;
const INFO = { id: ID.info, maxBytes: MEBIBYTE };
const TRACKS = { id: ID.tracks, maxBytes: 8 * MEBIBYTE };
/** A long film with every line in its cues has a quarter of this. */
const CUES = { id: ID.cues, maxBytes: 4 * MEBIBYTE };

/** A line of text with its header, and what comes next, seldom takes more. */
const BLOCK_WINDOW_BYTES = 1024;
/** Enough for the headers of a block, and of the small blocks of sound after it: larger windows would read the film. */
const WALK_WINDOW_BYTES = 512;
const PEEK_BYTES = 64;
/** A later cluster has a header of the same length as the one before; it is looked at only when that was wrong. */
const USUAL_CLUSTER_HEADER_BYTES = 12;
const AT_A_TIME = 3;

export interface MatroskaEvents {
  track: MatroskaSubtitleTrack;
  events: AsyncIterable<SubtitleEvent>;
}

export interface WantedTrack {
  /** Among the subtitle tracks. */
  ordinal: number;
  origin: Origin;
  maxEvents: number;
  maxEventBytes: number;
  /** Whether the film may be walked through when its cues do not list the track. */
  mayWalk: boolean;
  /** Cues from here on are read first, milliseconds; clusters are walked from the start in any case. */
  fromMs: number;
}

/** @throws AppError UNSUPPORTED_MEDIA when the track cannot be read, or only by loading all of the film; else what the reader throws */
export async function matroskaEvents(reader: ByteReader, wanted: WantedTrack): Promise<MatroskaEvents> {
  const windowed = new WindowedReader(reader);
  const layout = await readSegmentLayout(windowed);
  const tracks = layout && (await readTopLevel(windowed, layout, TRACKS));
  const track = parseSubtitleTrack(tracks, wanted.ordinal, wanted.maxEventBytes);
  if (!layout || !track)
    throw new AppError('UNSUPPORTED_MEDIA', 'The subtitles are packed in a way that cannot be read.');
  const { timeBase } = parseInfo(await readTopLevel(windowed, layout, INFO));
  const film: Film = { reader, layout, track, timeBase, ...wanted };
  const cues = reader.isSeekable ? await readTopLevel(windowed, layout, CUES) : undefined;
  const places = cues ? await cuePlaces(cues, track.number, wanted.maxEvents) : [];
  if (places.length > 0) return { track, events: cuedEvents(film, places) };
  if (!wanted.mayWalk) {
    throw new AppError(
      'UNSUPPORTED_MEDIA',
      'The film keeps no index of its subtitles: all of it would have to be loaded for them.',
    );
  }
  return { track, events: walkedEvents(film, { at: layout.firstCluster ?? Infinity, end: Infinity }) };
}

interface Film extends WantedTrack {
  reader: ByteReader;
  layout: SegmentLayout;
  track: MatroskaSubtitleTrack;
  timeBase: Rational;
}

/** A few reads at a time, the answers in order of time. Clusters whose blocks are not pointed at are walked through, once each. */
async function* cuedEvents(film: Film, places: CuePlace[]): AsyncGenerator<SubtitleEvent> {
  const known = { clusterHeaderBytes: USUAL_CLUSTER_HEADER_BYTES };
  const walked = new Set<number>();
  const exact = places.filter(
    ({ cluster, inCluster }) => inCluster !== undefined || (!walked.has(cluster) && walked.add(cluster)),
  );
  const wanted = rotated(exact, ({ time }) => toMs(film, time) >= film.fromMs);
  for await (const events of inOrder(wanted, AT_A_TIME, (place) => eventsAt(film, place, known))) yield* events;
}

async function eventsAt(film: Film, place: CuePlace, known: { clusterHeaderBytes: number }): Promise<SubtitleEvent[]> {
  const cluster = film.layout.dataStart + place.cluster;
  if (place.inCluster !== undefined) {
    const first = await eventAt(film, place, cluster + known.clusterHeaderBytes + place.inCluster);
    if (first) return [first];
  }
  const header = await headerAt(film, cluster);
  if (header?.id !== ID.cluster) return [];
  if (place.inCluster !== undefined) {
    known.clusterHeaderBytes = header.headerBytes;
    const second = await eventAt(film, place, cluster + header.headerBytes + place.inCluster);
    return second ? [second] : [];
  }
  const end = cluster + header.headerBytes + (header.dataBytes ?? Infinity);
  const events: SubtitleEvent[] = [];
  for await (const event of walkedEvents(film, { at: cluster, end, isOneCluster: true })) events.push(event);
  return events;
}

/** Undefined when there is no block of the track at that byte. */
async function eventAt(film: Film, place: CuePlace, at: number): Promise<SubtitleEvent | undefined> {
  const reader = new WindowedReader(film.reader);
  const header = parseElementHeader(await reader.read(at, ELEMENT_HEADER_BYTES, BLOCK_WINDOW_BYTES));
  if (!header || !isBlock(header.id) || (header.dataBytes ?? Infinity) > film.maxEventBytes) return undefined;
  const data = await reader.read(at + header.headerBytes, header.dataBytes ?? 0, BLOCK_WINDOW_BYTES);
  const block = parseSubtitleBlock(header.id, data);
  if (!block || trackOfBlock(header.id, data) !== film.track.number) return undefined;
  return eventOf(film, { ...block, duration: block.duration ?? place.duration }, place.time);
}

async function headerAt(film: Film, at: number): Promise<ElementHeader | undefined> {
  return parseElementHeader(await new WindowedReader(film.reader).read(at, ELEMENT_HEADER_BYTES, PEEK_BYTES));
}

/** Goes from element to element through `[at, end)`, into clusters and past everything else. */
async function* walkedEvents(
  film: Film,
  span: { at: number; end: number; isOneCluster?: boolean },
): AsyncGenerator<SubtitleEvent> {
  const reader = new WindowedReader(film.reader);
  let [at, clusterEnd, clusterTime, count] = [span.at, Infinity, 0, 0];
  let isInside = false;
  while (at < span.end && count < film.maxEvents) {
    const header = parseElementHeader(await reader.read(at, ELEMENT_HEADER_BYTES, WALK_WINDOW_BYTES));
    const dataStart = at + (header?.headerBytes ?? 0);
    if (header?.id === ID.cluster) {
      if (isInside && span.isOneCluster) return;
      [at, clusterEnd, isInside] = [dataStart, dataStart + (header.dataBytes ?? Infinity), true];
      continue;
    }
    if (header?.dataBytes === undefined || (dataStart + header.dataBytes > clusterEnd && at < clusterEnd)) {
      // Damage: the cluster's own size says where the next one begins.
      if (clusterEnd === Infinity || clusterEnd <= at) return;
      at = clusterEnd;
      continue;
    }
    if (header.id === ID.timestamp)
      clusterTime = unsignedValue(await reader.read(dataStart, Math.min(header.dataBytes, 8), WALK_WINDOW_BYTES)) ?? 0;
    const block = isBlock(header.id) ? await blockAt(film, reader, { ...header, dataStart }) : undefined;
    const event = block && eventOf(film, block, clusterTime + block.relativeTime);
    if (event) {
      count++;
      yield event;
    }
    at = dataStart + header.dataBytes;
  }
}

async function blockAt(
  film: Film,
  reader: WindowedReader,
  { id, dataStart, dataBytes = 0 }: ElementHeader & { dataStart: number },
): Promise<SubtitleBlock | undefined> {
  const peek = await reader.read(dataStart, Math.min(dataBytes, PEEK_BYTES), WALK_WINDOW_BYTES);
  if (trackOfBlock(id, peek) !== film.track.number || dataBytes > film.maxEventBytes) return undefined;
  return parseSubtitleBlock(id, await reader.read(dataStart, dataBytes, WALK_WINDOW_BYTES));
}

function eventOf(film: Film, block: SubtitleBlock, time: number): SubtitleEvent | undefined {
  const payload = film.track.unpack(block.payload);
  if (!payload) return undefined;
  const startMs = toMs(film, time);
  const { defaultDurationMs } = film.track;
  const impliedMs = defaultDurationMs === undefined ? undefined : startMs + Math.round(defaultDurationMs);
  return {
    startMs,
    endMs: block.duration === undefined ? impliedMs : toMs(film, time + block.duration),
    payload,
    ...(block.addition && { addition: block.addition }),
  };
}

function toMs({ timeBase, origin }: Film, ticks: number): number {
  return toTimeline(ticks, timeBase, { origin, timescale: 1000 });
}
