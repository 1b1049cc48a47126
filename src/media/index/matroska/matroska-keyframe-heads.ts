// Reads the first bytes of keyframes, found by the cues: enough to classify them without loading whole frames.
import { KEYFRAME_HEAD_BYTES, type ByteReader, type ReadKeyframeHeads } from '../container/container-index.ts';
import { blockIn, childrenFrom, CLUSTER_WINDOW_BYTES, elementAt, timestampIn } from './matroska-clusters.ts';
import type { LocatedElement } from './matroska-clusters.ts';
import { walkCues, type CuePosition } from './matroska-cue-points.ts';
import { ID } from './matroska-ids.ts';
import { WindowedReader } from '../container/windowed-reader.ts';

export interface MatroskaSource {
  reader: ByteReader;
  /** Start of the segment's data: cue positions count from this byte. */
  dataStart: number;
  cues: DataView;
  trackNumber: number;
}

/** A reader of heads, for sources whose cues give the positions of blocks. */
export function matroskaKeyframeHeads(source: MatroskaSource): ReadKeyframeHeads {
  return async (keyframes) => {
    const wanted = new Set(keyframes);
    const positions = new Map<number, CuePosition>();
    await walkCues(source.cues, source.trackNumber, (position) => {
      if (wanted.has(position.time)) positions.set(position.time, position);
      return positions.size < wanted.size;
    });
    return Promise.all(
      keyframes.map(async (keyframe) => {
        const position = positions.get(keyframe);
        return position && blockHead(source, position);
      }),
    );
  };
}

/** The first bytes of a block; undefined when the cue points to another element, or when frames are laced. */
async function blockHead(source: MatroskaSource, position: CuePosition): Promise<Uint8Array | undefined> {
  if (position.cluster === undefined) return undefined;
  const reader = new WindowedReader(source.reader);
  const cluster = await elementAt(reader, source.dataStart + position.cluster);
  if (cluster?.id !== ID.cluster) return undefined;
  const clusterTime = await clusterTimeOf(reader, cluster);
  for await (const element of childrenFrom(reader, cluster, position.inCluster)) {
    const block = await blockIn(reader, element);
    if (block?.trackNumber !== source.trackNumber || clusterTime + block.relativeTime !== position.time) continue;
    if (!block.isKeyframe || block.isLaced) return undefined;
    const { start, end } = block.frames;
    const view = await reader.read(start, Math.min(end - start, KEYFRAME_HEAD_BYTES), CLUSTER_WINDOW_BYTES);
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  }
  return undefined;
}

async function clusterTimeOf(reader: WindowedReader, cluster: LocatedElement): Promise<number> {
  for await (const element of childrenFrom(reader, cluster))
    if (element.id === ID.timestamp) return timestampIn(reader, element);
  return 0;
}
