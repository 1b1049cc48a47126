// Finds the subtitle events of a Matroska source by walking the clusters from header to header, without reading video and audio.
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
import { eventOf, type MatroskaSource } from './matroska-source.ts';

/** Enough for the headers of a block and of the small audio blocks after it: larger windows would read the whole source. */
const WALK_WINDOW_BYTES = 512;
const PEEK_BYTES = 64;

/** Walks the elements of `[at, end)`: enters clusters, skips all others. */
export async function* walkedEvents(
  source: MatroskaSource,
  span: { at: number; end: number; isOneCluster?: boolean },
): AsyncGenerator<SubtitleEvent> {
  const reader = new WindowedReader(source.dense);
  let [at, clusterEnd, clusterTime, count] = [span.at, Infinity, 0, 0];
  let isInside = false;
  while (at < span.end && count < source.maxEvents) {
    const header = parseElementHeader(await reader.read(at, ELEMENT_HEADER_BYTES, WALK_WINDOW_BYTES));
    const dataStart = at + (header?.headerBytes ?? 0);
    if (header?.id === ID.cluster) {
      if (isInside && span.isOneCluster) return;
      [at, clusterEnd, isInside] = [dataStart, dataStart + (header.dataBytes ?? Infinity), true];
      continue;
    }
    if (header?.dataBytes === undefined || (dataStart + header.dataBytes > clusterEnd && at < clusterEnd)) {
      // After damage, the size of the cluster gives the start of the next one.
      if (clusterEnd === Infinity || clusterEnd <= at) return;
      at = clusterEnd;
      continue;
    }
    if (header.id === ID.timestamp)
      clusterTime = unsignedValue(await reader.read(dataStart, Math.min(header.dataBytes, 8), WALK_WINDOW_BYTES)) ?? 0;
    const block = isBlock(header.id) ? await blockAt(source, reader, { ...header, dataStart }) : undefined;
    const event = block && eventOf(source, block, clusterTime + block.relativeTime);
    if (event) {
      count++;
      yield event;
    }
    at = dataStart + header.dataBytes;
  }
}

async function blockAt(
  source: MatroskaSource,
  reader: WindowedReader,
  { id, dataStart, dataBytes = 0 }: ElementHeader & { dataStart: number },
): Promise<SubtitleBlock | undefined> {
  const peek = await reader.read(dataStart, Math.min(dataBytes, PEEK_BYTES), WALK_WINDOW_BYTES);
  if (trackOfBlock(id, peek) !== source.track.number || dataBytes > source.maxEventBytes) return undefined;
  return parseSubtitleBlock(id, await reader.read(dataStart, dataBytes, WALK_WINDOW_BYTES));
}
