// Lines of a Matroska film found by walking the clusters from header to header, past the bytes of picture and sound.
import {
  ELEMENT_HEADER_BYTES,
  parseElementHeader,
  unsignedValue,
  type ElementHeader,
} from '../index/matroska/matroska-ebml.ts';
import { ID } from '../index/matroska/matroska-ids.ts';
import { WindowedReader } from '../index/container/windowed-reader.ts';
import type { SubtitleEvent } from './cue.ts';
import { isBlock, parseSubtitleBlock, trackOfBlock, type SubtitleBlock } from './matroska-block.ts';
import { eventOf, type Film } from './matroska-source.ts';

/** Enough for the headers of a block, and of the small blocks of sound after it: larger windows would read the film. */
const WALK_WINDOW_BYTES = 512;
const PEEK_BYTES = 64;

/** Goes from element to element through `[at, end)`, into clusters and past everything else. */
export async function* walkedEvents(
  film: Film,
  span: { at: number; end: number; isOneCluster?: boolean },
): AsyncGenerator<SubtitleEvent> {
  const reader = new WindowedReader(film.dense);
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
