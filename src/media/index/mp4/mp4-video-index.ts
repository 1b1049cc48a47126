// The index of the video track of a movie: the choice of the track, its keyframes, their groups of pictures, its end.
import type { Rational } from '../../../base/rational.ts';
import type { VideoEvidence } from '../../model/description.ts';
import type { BytePositions } from '../../model/byte-positions.ts';
import type { VideoIndex } from '../container/container-index.ts';
import { entryCount, parseBoxes } from './mp4-boxes.ts';
import { deliveredSamples, type DeliveredSamples, type EditedTrack } from './mp4-edit-list.ts';
import type { Mp4Movie, Mp4Track } from './mp4-movie.ts';
import { bytesBefore, samplesWithin } from './mp4-sample-ranges.ts';
import { sampleCount, sampleTimes, syncSamples, type SampleTimes } from './mp4-sample-times.ts';
import { reducedFraction } from '../../model/reduced-fraction.ts';
import { chooseVideo } from '../container/video-choice.ts';

/** Sample entries of still images: covers and thumbnails. */
const STILL_ENTRIES = new Set(['jpeg', 'png ', 'mjpa', 'mjpb', 'gif ', 'tiff', 'WRLE', 'BMP ']);

/** The main video track, not a cover, preview or image of a chapter; undefined when there is none. */
export function videoTrack(movie: Mp4Movie, sizeBytes: number | undefined): Mp4Track | undefined {
  const chapterIds = new Set(movie.tracks.flatMap((track) => track.chapterTrackIds));
  const videos = movie.tracks.filter((track) => track.handler === 'vide' && !chapterIds.has(track.id));
  return chooseVideo(videos.map((track) => ({ track, evidence: evidenceOf(track, sizeBytes) })))?.track;
}

function evidenceOf(track: Mp4Track, sizeBytes: number | undefined): VideoEvidence {
  return {
    isDefault: track.isEnabled,
    isStillCodec: STILL_ENTRIES.has(track.sampleEntry),
    // In a fragmented file, `moov` lists only the samples before the fragments, often none.
    frameCount: sampleCount(track.tables, sizeBytes) || undefined,
    durationSeconds: track.durationSeconds,
  };
}

export interface IndexedTrack extends Omit<VideoIndex, 'readHeads'> {
  /** The sample number of each keyframe, in decode order from 0. */
  keyframeSamples: number[];
}

/** Undefined: a fragmented file, no samples, damaged tables, or edits that only a packet scan can follow. */
export function indexVideoTrack(
  movie: Mp4Movie,
  track: Mp4Track,
  sizeBytes: number | undefined,
): IndexedTrack | undefined {
  if (movie.isFragmented) return undefined;
  const times = sampleTimes(track.tables, sizeBytes);
  const isSync = times && syncSamples(track.tables, times.count);
  const edited = isSync && deliveredSamples({ ...editContext(movie, track), times, isSync });
  if (!edited) return undefined;
  // A truncated file delivers only the samples that it holds.
  const delivered = { ...edited, end: Math.min(edited.end, samplesWithin(track.tables, sizeBytes ?? Infinity)) };
  const groups = pictureGroups(times, isSync, delivered);
  if (groups.keyframes.length === 0) return undefined;
  return {
    streamIndex: track.index,
    timeBase: { num: 1, den: track.ticksPerSecond },
    keyframes: groups.keyframes,
    keyframeSamples: groups.samples,
    gopStarts: groups.starts,
    startTicks: groups.shownStart,
    endTicks: groups.end,
    isEdited: groups.isEdited,
    positions: positionsOf(track, groups.samples, delivered.end),
    isCutShort: delivered.end < edited.end,
    isExact: true,
    frameRate: constantFrameRate(track, times, groups),
    frameCount: delivered.end - delivered.start,
    hasChanges: usesSeveralEntries(track.tables),
  };
}

/** Whether chunks refer to several sample entries with different content (ISO/IEC 14496-12 8.7.4). */
function usesSeveralEntries(tables: Mp4Track['tables']): boolean {
  const [runs, descriptions] = [tables.get('stsc'), tables.get('stsd')];
  if (!runs || !descriptions || descriptions.byteLength < 8 || descriptions.getUint32(4) < 2) return false;
  const { boxes } = parseBoxes(
    new DataView(descriptions.buffer, descriptions.byteOffset + 8, descriptions.byteLength - 8),
  );
  const used = new Set<string>();
  for (let run = 0; run < (entryCount(runs, 12) ?? 0); run++) {
    const entry = boxes[runs.getUint32(16 + run * 12) - 1]?.payload;
    if (entry) used.add(Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString('latin1'));
  }
  return used.size > 1;
}

/** Byte positions of the keyframes; undefined when these are not in decode order. */
function positionsOf(track: Mp4Track, samples: readonly number[], end: number): BytePositions | undefined {
  const isAscending = samples.every((sample, i) => i === 0 || sample > (samples[i - 1] ?? 0));
  return isAscending ? { atKeyframes: bytesBefore(track.tables, samples, end), ofAllTracks: false } : undefined;
}

/** The values, besides the samples, that the effect of an edit list depends on. */
export function editContext(movie: Mp4Movie, track: Mp4Track): Omit<EditedTrack, 'times' | 'isSync'> {
  const before = movie.tracks.slice(0, movie.tracks.indexOf(track));
  return {
    edits: track.edits,
    ticksPerSecond: track.ticksPerSecond,
    movieTicksPerSecond: movie.ticksPerSecond,
    isOnlyShifted: before.some((other) => isEmpty(other.tables.get('stts'))),
    isVideo: track.handler === 'vide',
  };
}

function isEmpty(table: DataView | undefined): boolean {
  return !table || table.byteLength < 8 || table.getUint32(4) === 0;
}

interface PictureGroups {
  keyframes: number[];
  samples: number[];
  starts: number[];
  count: number;
  earliest: number;
  latest: number;
  /** Start of the first presented frame. */
  shownStart: number;
  isEdited: boolean;
  /** End of the last presented frame. */
  end: number;
}

function pictureGroups(
  times: SampleTimes,
  isSync: Uint8Array,
  { start, end, shift, from, to }: DeliveredSamples,
): PictureGroups {
  const { composition, decode } = times;
  const groups: PictureGroups = {
    keyframes: [],
    samples: [],
    starts: [],
    count: end - start,
    earliest: 0,
    latest: 0,
    shownStart: Infinity,
    isEdited: false,
    end: 0,
  };
  let latestSample = start;
  let earliestSample = start;
  let groupStart = 0;
  for (let i = start; i < end; i++) {
    const time = composition[i] ?? 0;
    if (isSync[i] === 1) {
      if (groups.keyframes.length > 0) groups.starts.push(groupStart + shift);
      groups.keyframes.push(time + shift);
      groups.samples.push(i);
      groupStart = time;
    } else if (time < groupStart) {
      groupStart = time;
    }
    if (time < from || time >= to) {
      groups.isEdited = true;
      continue;
    }
    groups.shownStart = Math.min(groups.shownStart, time + shift);
    groups.end = Math.max(groups.end, time + shift + (decode[i + 1] ?? 0) - (decode[i] ?? 0));
    if (time > (composition[latestSample] ?? 0)) latestSample = i;
    if (time < (composition[earliestSample] ?? 0)) earliestSample = i;
  }
  groups.starts.push(groupStart + shift);
  groups.earliest = (composition[earliestSample] ?? 0) + shift;
  groups.latest = (composition[latestSample] ?? 0) + shift;
  const isAscending = groups.keyframes.every((time, i) => i === 0 || time > (groups.keyframes[i - 1] ?? 0));
  return isAscending ? groups : { ...groups, ...inPresentationOrder(groups) };
}

/** Keyframes in presentation order: muxers may list them out of order; of two at the same time one is kept. */
function inPresentationOrder({
  keyframes,
  samples,
  starts,
}: PictureGroups): Pick<PictureGroups, 'keyframes' | 'samples' | 'starts'> {
  const order = [...keyframes.keys()].sort((a, b) => (keyframes[a] ?? 0) - (keyframes[b] ?? 0));
  const kept = order.filter((at, i) => i === 0 || keyframes[at] !== keyframes[order[i - 1] ?? 0]);
  const inOrder = (list: number[]) => kept.map((at) => list[at] ?? 0);
  return { keyframes: inOrder(keyframes), samples: inOrder(samples), starts: inOrder(starts) };
}

/** The constant rate: durations must be equal, and frames must fill the grid without a gap. */
function constantFrameRate(track: Mp4Track, times: SampleTimes, groups: PictureGroups): Rational | undefined {
  const duration = times.constantDuration;
  if (duration === undefined) return undefined;
  if (groups.latest - groups.earliest !== (groups.count - 1) * duration) return undefined;
  return reducedFraction({ num: track.ticksPerSecond, den: duration });
}
