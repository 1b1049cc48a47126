// The first bytes of keyframes, found by the cues: enough to see what they are, without loading pictures.
import { KEYFRAME_HEAD_BYTES, type ByteReader, type ReadKeyframeHeads } from '../container/container-index.ts';
import { blockIn, childrenFrom, CLUSTER_WINDOW_BYTES, elementAt, timestampIn } from './matroska-clusters.ts';
import type { PlacedElement } from './matroska-clusters.ts';
import { walkCues, type CuePosition } from './matroska-cue-points.ts';
import { ID } from './matroska-ids.ts';
import { WindowedReader } from '../container/windowed-reader.ts';

export interface MatroskaSource {
  reader: ByteReader;
  /** Where the segment's data begins: the positions of the cues count from here. */
  dataStart: number;
  cues: DataView;
  trackNumber: number;
}

/** Where cues tell the places of blocks. */
export function matroskaKeyframeHeads(film: MatroskaSource): ReadKeyframeHeads {
  return async (keyframes) => {
    const wanted = new Set(keyframes);
    const places = new Map<number, CuePosition>();
    await walkCues(film.cues, film.trackNumber, (position) => {
      if (wanted.has(position.time)) places.set(position.time, position);
      return places.size < wanted.size;
    });
    return Promise.all(
      keyframes.map(async (keyframe) => {
        const place = places.get(keyframe);
        return place && blockHead(film, place);
      }),
    );
  };
}

/** Undefined when the cue points at something else, or frames are laced. */
async function blockHead(film: MatroskaSource, place: CuePosition): Promise<Uint8Array | undefined> {
  if (place.cluster === undefined) return undefined;
  const reader = new WindowedReader(film.reader);
  const cluster = await elementAt(reader, film.dataStart + place.cluster);
  if (cluster?.id !== ID.cluster) return undefined;
  const clusterTime = await clusterTimeOf(reader, cluster);
  for await (const element of childrenFrom(reader, cluster, place.inCluster)) {
    const block = await blockIn(reader, element);
    if (block?.trackNumber !== film.trackNumber || clusterTime + block.relativeTime !== place.time) continue;
    if (!block.isKeyframe || block.isLaced) return undefined;
    const { start, end } = block.frames;
    const view = await reader.read(start, Math.min(end - start, KEYFRAME_HEAD_BYTES), CLUSTER_WINDOW_BYTES);
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  }
  return undefined;
}

async function clusterTimeOf(reader: WindowedReader, cluster: PlacedElement): Promise<number> {
  for await (const element of childrenFrom(reader, cluster))
    if (element.id === ID.timestamp) return timestampIn(reader, element);
  return 0;
}
