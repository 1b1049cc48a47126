// The index of a Matroska or WebM source, from its cues, tracks, chapters and tags.
import { MIB } from '../../../base/units.ts';
import type { Rational } from '../../../base/rational.ts';
import type { VideoEvidence } from '../../model/description.ts';
import type { BytePositions } from '../../model/byte-positions.ts';
import type { ByteReader, ContainerIndex, VideoIndex } from '../container/container-index.ts';
import { parseMatroskaChapters } from './matroska-chapters.ts';
import { cuePositions, parseCueTimes, readFirstKeyframe } from './matroska-cues.ts';
import { ID } from './matroska-ids.ts';
import { matroskaKeyframeHeads } from './matroska-keyframe-heads.ts';
import { readSegmentLayout, readTopLevel, type SegmentLayout } from './matroska-segment.ts';
import { parseTrackDuration, type TrackDuration } from './matroska-tags.ts';
import { parseInfo, parseVideoTracks, type MatroskaVideoTrack, type SegmentInfo } from './matroska-tracks.ts';
import { chooseVideo } from '../container/video-choice.ts';
import { WindowedReader } from '../container/windowed-reader.ts';

const INFO = { id: ID.info, maxBytes: MIB };
const TRACKS = { id: ID.tracks, maxBytes: 8 * MIB };
const CUES = { id: ID.cues, maxBytes: 32 * MIB };
const CHAPTERS = { id: ID.chapters, maxBytes: 4 * MIB };
const TAGS = { id: ID.tags, maxBytes: MIB };

/**
 * Reads the elements before the first cluster, the elements that seek heads list, and the head of the first cluster (RFC 9559).
 * `video` is undefined without cues of the video track. `keyframes` are as dense as the cues. Undefined: not Matroska.
 * @throws what the reader throws
 */
export async function readMatroskaIndex(reader: ByteReader): Promise<ContainerIndex | undefined> {
  const windowed = new WindowedReader(reader);
  const layout = await readSegmentLayout(windowed);
  if (!layout) return undefined;
  const info = parseInfo(await readTopLevel(windowed, layout, INFO));
  const tracks = parseVideoTracks(await readTopLevel(windowed, layout, TRACKS));
  const cues = tracks.length ? await readTopLevel(windowed, layout, CUES) : undefined;
  const track = tracks.length > 1 ? await chosenTrack(windowed, layout, { info, tracks, cues }) : tracks[0];
  const chapters = await readTopLevel(windowed, layout, CHAPTERS);
  return {
    container: 'matroska',
    durationSeconds: info.durationSeconds,
    video: track && cues && (await readVideoIndex(windowed, layout, { info, track, cues, bytes: reader })),
    chapters: parseMatroskaChapters(chapters, info.durationSeconds),
  };
}

/** Chooses the video track by the tags and cues of each track. */
async function chosenTrack(
  reader: WindowedReader,
  layout: SegmentLayout,
  { info, tracks, cues }: { info: SegmentInfo; tracks: MatroskaVideoTrack[]; cues: DataView | undefined },
): Promise<MatroskaVideoTrack | undefined> {
  const tags = await readTopLevel(reader, layout, TAGS);
  const candidates: { track: MatroskaVideoTrack; evidence: VideoEvidence }[] = [];
  for (const track of tracks) {
    const { isDefault, isStillCodec, uid, number } = track;
    const keyframes = (cues && (await parseCueTimes(cues, number))) ?? [];
    const tagged = uid === undefined ? undefined : parseTrackDuration(tags, uid);
    const durationSeconds = durationOf({ keyframes, timeBase: info.timeBase, tagged });
    const evidence = { isDefault, isStillCodec, durationSeconds, frameCount: keyframes.length || undefined };
    candidates.push({ track, evidence });
  }
  return chooseVideo(candidates)?.track;
}

/** From the first keyframe to the tagged end, otherwise to the last keyframe: a still that is shown late ends late, and is short. */
function durationOf({
  keyframes,
  timeBase: { num, den },
  tagged,
}: {
  keyframes: readonly number[];
  timeBase: Rational;
  tagged: TrackDuration | undefined;
}): number | undefined {
  if (tagged?.isFromFirstFrame) return tagged.seconds;
  const [first, last] = [keyframes[0], keyframes.at(-1)];
  if (first === undefined || last === undefined) return tagged?.seconds;
  const end = Math.max(tagged?.seconds ?? 0, (last * num) / den);
  return end - (first * num) / den;
}

interface VideoTables {
  info: SegmentInfo;
  track: MatroskaVideoTrack;
  cues: DataView;
  bytes: ByteReader;
}

async function readVideoIndex(
  reader: WindowedReader,
  layout: SegmentLayout,
  { info, track, cues, bytes }: VideoTables,
): Promise<VideoIndex | undefined> {
  if (!track.hasPlainTimestamps) return undefined;
  const cued = await parseCueTimes(cues, track.number);
  const firstCue = cued?.[0];
  if (!cued || firstCue === undefined) return undefined;
  const first =
    layout.firstCluster === undefined ? undefined : await readFirstKeyframe(reader, layout.firstCluster, track.number);
  const keyframes = first !== undefined && first < firstCue ? [first, ...cued] : cued;
  return {
    streamIndex: track.streamIndex,
    timeBase: info.timeBase,
    keyframes,
    gopStarts: undefined,
    startTicks: undefined,
    isEdited: false,
    endTicks: await readEndTicks(reader, layout, { info, track, keyframes }),
    positions: await positionsOf(bytes, {
      cues,
      cued,
      first: keyframes === cued ? undefined : layout.firstCluster,
      number: track.number,
      dataStart: layout.dataStart,
    }),
    isCutShort: false,
    isExact: false,
    frameRate: track.frameRate,
    frameCount: undefined,
    hasChanges: false,
    readHeads: track.hasPlainFrames
      ? matroskaKeyframeHeads({ reader: bytes, dataStart: layout.dataStart, cues, trackNumber: track.number })
      : undefined,
  };
}

interface CuedVideo {
  cues: DataView;
  /** Times of the cues. */
  cued: readonly number[];
  /** Byte of the cluster with a keyframe before all cues, from the start of the file. */
  first: number | undefined;
  number: number;
  /** Byte of the file where the segment's data begin. */
  dataStart: number;
}

async function positionsOf(reader: ByteReader, video: CuedVideo): Promise<BytePositions | undefined> {
  const { cues, cued, first, number, dataStart } = video;
  const positions = reader.sizeBytes === undefined ? undefined : await cuePositions(cues, number, cued);
  if (!positions || reader.sizeBytes === undefined) return undefined;
  const before = first === undefined ? [] : [first - dataStart];
  return { atKeyframes: [...before, ...positions, reader.sizeBytes - dataStart], ofAllTracks: true };
}

/** The end by the tags; a tag that ends the track before its last keyframe is stale and ignored. */
async function readEndTicks(
  reader: WindowedReader,
  layout: SegmentLayout,
  { info, track, keyframes }: Omit<VideoTables, 'bytes' | 'cues'> & { keyframes: number[] },
): Promise<number | undefined> {
  if (track.uid === undefined) return undefined;
  const tags = await readTopLevel(reader, layout, TAGS);
  const duration = parseTrackDuration(tags, track.uid);
  if (!duration) return undefined;
  const ticks = Math.round((duration.seconds * info.timeBase.den) / info.timeBase.num);
  const end = duration.isFromFirstFrame ? ticks + (keyframes[0] ?? 0) : ticks;
  return end > (keyframes.at(-1) ?? 0) ? end : undefined;
}
