// The pieces of a track whose edit list presents several. libavformat counts the times of each piece from the first sample in decode order that
// lies within it (mov_fix_index), so a piece that begins within an audio packet, or at a reordered frame, comes early or late.
import type { EditListEntry } from '../../model/rendition-track.ts';
import type { EditedTrack } from './mp4-edit-list.ts';
import { rangesOfSamples } from './mp4-sample-ranges.ts';
import type { SampleTables } from './mp4-sample-times.ts';

/** A list of more edits is left to libavformat, as is one with more visits of samples, which would block the event loop. */
const MAX_EDITS = 1000;
const MAX_VISITS = 20_000_000;

/** A piece of the media, ticks of the track. */
interface Piece {
  mediaStart: number;
  mediaEnd: number;
  /** Start in the presentation, rounded once. */
  start: number;
  /** The same, as the sum of rounded durations. */
  summedStart: number;
}

interface LocatedPiece extends Piece {
  /** The first and last sample within the piece, in decode order. */
  first: number;
  last: number;
  /** The least distance of presentation from the decode time of `first`. */
  lead: number;
}

/** Empty for a list of one piece, and for a list that libavformat reads in another way. */
export function editedPieces(track: EditedTrack, tables: SampleTables): EditListEntry[] {
  const { edits, times, isOnlyShifted } = track;
  if (isOnlyShifted || edits.length > MAX_EDITS || edits.length * times.count > MAX_VISITS) return [];
  const pieces = piecesOf(track);
  if (pieces.length < 2) return [];
  const located = pieces.flatMap((piece) => locatedIn(track, piece) ?? []);
  const back = track.isVideo ? videoShift(track, located) : 0;
  const ranges = rangesOfSamples(
    tables,
    located.flatMap((piece) => [firstAudible(track, piece), piece.last]),
  );
  return located.flatMap((piece, index) => {
    const { start, summedStart, mediaStart, mediaEnd, first } = piece;
    const [head, tail] = [ranges[2 * index], ranges[2 * index + 1]];
    if (!head || !tail || head.start > tail.start) return [];
    // Audio of the first piece begins where its edit says.
    const isExact = !track.isVideo && index === 0;
    const decodedAtStart = isExact ? mediaStart : (track.times.decode[first] ?? 0);
    return {
      bytes: [head.start, tail.start],
      ticks: [start, start + mediaEnd - mediaStart],
      added: start - summedStart + decodedAtStart + back - mediaStart,
    };
  });
}

/** Empty for a list with a piece of no length. */
function piecesOf({ edits, ticksPerSecond, movieTicksPerSecond }: EditedTrack): Piece[] {
  const toTicks = (movieTicks: number) => Math.round((movieTicks * ticksPerSecond) / movieTicksPerSecond);
  const pieces: Piece[] = [];
  let [movieTicks, summed] = [0, 0];
  for (const { duration, mediaTime } of edits) {
    const length = toTicks(duration);
    if (mediaTime !== -1 && !(mediaTime >= 0 && length > 0)) return [];
    if (mediaTime !== -1)
      pieces.push({
        mediaStart: mediaTime,
        mediaEnd: mediaTime + length,
        start: toTicks(movieTicks),
        summedStart: summed,
      });
    movieTicks += duration;
    summed += length;
  }
  return Number.isSafeInteger(summed) ? pieces : [];
}

function locatedIn({ times, isSync, isVideo }: EditedTrack, piece: Piece): LocatedPiece | undefined {
  const { composition, decode } = times;
  let begin = 0;
  for (let i = 0; isVideo && i < times.count && (decode[i] ?? 0) <= piece.mediaStart; i++)
    if (isSync[i] === 1 && (composition[i] ?? 0) <= piece.mediaStart) begin = i;
  let found: LocatedPiece | undefined;
  for (let i = begin; i < times.count; i++) {
    const time = composition[i] ?? 0;
    if (time < piece.mediaStart || time >= piece.mediaEnd) continue;
    found ??= { ...piece, first: i, last: i, lead: Infinity };
    found.last = i;
    found.lead = Math.min(found.lead, time - (decode[found.first] ?? 0));
  }
  return found;
}

/** Audio may begin within the sample before the first one. */
function firstAudible({ times, isVideo }: EditedTrack, { first, mediaStart }: LocatedPiece): number {
  const isWithin = !isVideo && first > 0 && (times.composition[first] ?? 0) > mediaStart;
  return isWithin ? first - 1 : first;
}

/** libavformat moves all frames back by the least presentation time, which lies in the first piece. */
function videoShift(
  { edits, ticksPerSecond, movieTicksPerSecond }: EditedTrack,
  located: readonly LocatedPiece[],
): number {
  const first = edits.findIndex(({ mediaTime }) => mediaTime !== -1);
  const empty = edits
    .slice(0, first)
    .reduce((sum, { duration }) => sum + Math.round((duration * ticksPerSecond) / movieTicksPerSecond), 0);
  return Math.max(0, Math.min(...located.map(({ summedStart, lead }) => summedStart + lead)) - empty);
}
