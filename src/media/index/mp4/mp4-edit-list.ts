// The effect of an edit list (`elst`) on a track: which samples a demuxer delivers and by how much their times shift.
// Follows libavformat's mov_fix_index, because libavformat reads the packets and times must agree to the tick.
import type { Mp4Edit } from './mp4-movie.ts';
import type { SampleTimes } from './mp4-sample-times.ts';

/** Samples `[start, end)` in decode order are delivered, at composition time + `shift`. */
export interface DeliveredSamples {
  start: number;
  end: number;
  shift: number;
  /** Composition times `[from, to)` are presented; other samples are delivered because decoding needs them. */
  from: number;
  to: number;
}

const ALL_SHOWN = { from: -Infinity, to: Infinity };

export interface EditedTrack {
  times: SampleTimes;
  isSync: Uint8Array;
  edits: Mp4Edit[];
  ticksPerSecond: number;
  movieTicksPerSecond: number;
  /** Whether a track without samples precedes this one: then libavformat only shifts the start and cuts nothing. */
  isOnlyShifted: boolean;
  isVideo: boolean;
}

/** Undefined for a list that presents several pieces, or nothing: only a packet scan can follow it. */
export function deliveredSamples(track: EditedTrack): DeliveredSamples | undefined {
  const { times, edits } = track;
  const first = edits.findIndex((edit) => edit.mediaTime !== -1);
  if (edits.length === 0) return { start: 0, end: times.count, shift: 0, ...ALL_SHOWN };
  const edit = edits[first];
  if (!edit || first !== edits.length - 1 || edit.mediaTime < 0) return undefined;
  const delay = edits.slice(0, first).reduce((sum, empty) => sum + inTrackTicks(empty.duration, track), 0);
  if (track.isOnlyShifted) return { start: 0, end: times.count, shift: delay - edit.mediaTime, ...ALL_SHOWN };
  const shown = { start: edit.mediaTime, end: edit.mediaTime + inTrackTicks(edit.duration, track) };
  if (!Number.isSafeInteger(shown.end) || !Number.isSafeInteger(delay)) return undefined;
  const start = decodingStart(track, shown.start);
  const end = decodingEnd(track, start, shown.end);
  const shift = shiftOf(track, { start, end }, shown);
  if (shift === undefined) return undefined;
  return { start, end, shift: delay + shift, from: shown.start, to: shown.end };
}

/**
 * End of the last edit, seconds from the beginning of the movie; undefined without a list, or if libavformat does not follow the list.
 * libavformat's own length of a track counts the empty edits of some lists only.
 */
export function editedEnd(
  track: Omit<EditedTrack, 'times' | 'isSync'> & { durationSeconds: number | undefined },
): number | undefined {
  const { edits, durationSeconds = Infinity, ticksPerSecond, movieTicksPerSecond } = track;
  if (edits.length === 0 || track.isOnlyShifted) return undefined;
  const end = edits.reduce((at, { duration, mediaTime }) => {
    const stated = duration / movieTicksPerSecond;
    if (mediaTime === -1) return at + stated;
    const held = Math.max(0, durationSeconds - mediaTime / ticksPerSecond);
    return at + (duration === 0 ? held : Math.min(stated, held));
  }, 0);
  return Number.isFinite(end) ? end : undefined;
}

function inTrackTicks(movieTicks: number, track: EditedTrack): number {
  return Math.round((movieTicks * track.ticksPerSecond) / track.movieTicksPerSecond);
}

/** The last sync sample whose decode and presentation times are at or before the start of the edit. */
function decodingStart({ times, isSync }: EditedTrack, mediaTime: number): number {
  let found = 0;
  for (let i = 0; i < times.count && (times.decode[i] ?? 0) <= mediaTime; i++) {
    if (isSync[i] === 1 && (times.composition[i] ?? 0) <= mediaTime) found = i;
  }
  return found;
}

/** The end of decoding: at most two sync samples after the end of the edit, because leading pictures of the first may belong to the edit. */
function decodingEnd({ times, isSync }: EditedTrack, start: number, endTime: number): number {
  let isPassed = !times.hasOffsets;
  for (let i = start; i < times.count; i++) {
    const duration = (times.decode[i + 1] ?? 0) - (times.decode[i] ?? 0);
    if (isSync[i] !== 1 || (times.composition[i] ?? 0) + duration < endTime) continue;
    if (isPassed) return i + 1;
    isPassed = true;
  }
  return times.count;
}

/** The shift of times: the first presented sample in decode order is decoded at zero; then the first frame of a video is moved back to zero. */
function shiftOf(
  { times, isVideo }: EditedTrack,
  samples: { start: number; end: number },
  shown: { start: number; end: number },
): number | undefined {
  let decodedAtZero: number | undefined;
  let earliest = Infinity;
  for (let i = samples.start; i < samples.end; i++) {
    const time = times.composition[i] ?? 0;
    if (time < shown.start || time >= shown.end) continue;
    decodedAtZero ??= times.decode[i] ?? 0;
    if (time < earliest) earliest = time;
  }
  if (decodedAtZero === undefined) return undefined;
  return -(isVideo ? Math.max(decodedAtZero, earliest) : decodedAtZero);
}
