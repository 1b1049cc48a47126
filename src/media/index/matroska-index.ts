// Index of a Matroska or WebM film from its cues, tracks, chapters and tags.
import type { ByteReader, ContainerIndex, VideoIndex } from './container-index.ts';
import { parseMatroskaChapters } from './matroska-chapters.ts';
import { parseCueTimes, readFirstKeyframe } from './matroska-cues.ts';
import { ID } from './matroska-ids.ts';
import { matroskaKeyframeHeads } from './keyframe-heads.ts';
import { readSegmentLayout, readTopLevel, type SegmentLayout } from './matroska-segment.ts';
import { parseTrackDuration } from './matroska-tags.ts';
import { parseInfo, parseVideoTrack, type MatroskaVideoTrack, type SegmentInfo } from './matroska-tracks.ts';
import { WindowedReader } from './windowed-reader.ts';

const MEBIBYTE = 1024 * 1024;
const INFO = { id: ID.info, maxBytes: MEBIBYTE };
const TRACKS = { id: ID.tracks, maxBytes: 8 * MEBIBYTE };
const CUES = { id: ID.cues, maxBytes: 32 * MEBIBYTE };
const CHAPTERS = { id: ID.chapters, maxBytes: 4 * MEBIBYTE };
const TAGS = { id: ID.tags, maxBytes: MEBIBYTE };

/**
 * Reads the elements before the first cluster, those the seek heads name, and the head of the first cluster.
 * `video` is undefined without cues of the video track. `keyframes` are as dense as the cues.
 * Undefined: not Matroska. Errors are the reader's own. RFC 9559.
 */
export async function readMatroskaIndex(reader: ByteReader): Promise<ContainerIndex | undefined> {
  const windowed = new WindowedReader(reader);
  const layout = await readSegmentLayout(windowed);
  if (!layout) return undefined;
  const info = parseInfo(await readTopLevel(windowed, layout, INFO));
  const track = parseVideoTrack(await readTopLevel(windowed, layout, TRACKS));
  const chapters = await readTopLevel(windowed, layout, CHAPTERS);
  return {
    container: 'matroska',
    durationSeconds: info.durationSeconds,
    video: track && (await readVideoIndex(windowed, layout, { info, track, bytes: reader })),
    chapters: parseMatroskaChapters(chapters, info.durationSeconds),
  };
}

interface VideoTables {
  info: SegmentInfo;
  track: MatroskaVideoTrack;
  bytes: ByteReader;
}

async function readVideoIndex(
  reader: WindowedReader,
  layout: SegmentLayout,
  { info, track, bytes }: VideoTables,
): Promise<VideoIndex | undefined> {
  if (!track.hasPlainTimestamps) return undefined;
  const cues = await readTopLevel(reader, layout, CUES);
  const cued = cues && (await parseCueTimes(cues, track.number));
  const firstCue = cued?.[0];
  if (!cued || firstCue === undefined) return undefined;
  const first =
    layout.firstCluster === undefined ? undefined : await readFirstKeyframe(reader, layout.firstCluster, track.number);
  const keyframes = first !== undefined && first < firstCue ? [first, ...cued] : cued;
  return {
    timeBase: info.timeBase,
    keyframes,
    gopStarts: undefined,
    endTicks: await readEndTicks(reader, layout, { info, track, keyframes }),
    isCutShort: false,
    isExact: false,
    frameRate: track.frameRate,
    frameCount: undefined,
    readHeads: track.hasPlainFrames
      ? matroskaKeyframeHeads({ reader: bytes, dataStart: layout.dataStart, cues, trackNumber: track.number })
      : undefined,
  };
}

/** A tag that ends the track before its last keyframe is stale, and not believed. */
async function readEndTicks(
  reader: WindowedReader,
  layout: SegmentLayout,
  { info, track, keyframes }: Omit<VideoTables, 'bytes'> & { keyframes: number[] },
): Promise<number | undefined> {
  if (track.uid === undefined) return undefined;
  const tags = await readTopLevel(reader, layout, TAGS);
  const duration = parseTrackDuration(tags, track.uid);
  if (!duration) return undefined;
  const ticks = Math.round((duration.seconds * info.timeBase.den) / info.timeBase.num);
  const end = duration.isFromFirstFrame ? ticks + (keyframes[0] ?? 0) : ticks;
  return end > (keyframes.at(-1) ?? 0) ? end : undefined;
}
