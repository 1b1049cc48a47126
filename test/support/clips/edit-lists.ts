// Writes edit lists into an MP4 or MOV file: the spans of the media that are shown, in order.
import { box, boxAt, findBox, fullBody, parseBoxes, timescaleOf, tracksOf, writeBoxes, type Box } from './mp4-boxes.ts';

/** `[startSeconds, endSeconds)` of the media; `undefined` shows nothing for `seconds`. */
export type Edit = readonly [startSeconds: number, endSeconds: number] | { emptySeconds: number };

const NORMAL_RATE = 0x10000;
const EMPTY_EDIT = 0xffffffff;

/** All tracks get the same edits; the start that a track's own list skips (reorder delay, priming) stays skipped. */
export function withEdits(file: Uint8Array, edits: readonly Edit[]): Buffer {
  const boxes = parseBoxes(file);
  if (boxes.findIndex(({ type }) => type === 'moov') < boxes.findIndex(({ type }) => type === 'mdat'))
    throw new TypeError('the movie box must come last: offsets would move');
  const movie = boxAt(boxes, 'moov', 'mvhd').body;
  const movieScale = movie.readUInt32BE(12);
  const total = edits.reduce((sum, edit) => sum + secondsOf(edit), 0);
  for (const track of tracksOf(boxes)) {
    editTrack(track, edits, movieScale);
    boxAt([track], 'trak', 'tkhd').body.writeUInt32BE(Math.round(total * movieScale), 20);
  }
  movie.writeUInt32BE(Math.round(total * movieScale), 16);
  return writeBoxes(boxes);
}

function secondsOf(edit: Edit): number {
  return 'emptySeconds' in edit ? edit.emptySeconds : edit[1] - edit[0];
}

function editTrack(track: Box, edits: readonly Edit[], movieScale: number): void {
  const scale = timescaleOf(track);
  const skipped = Math.max(0, findBox([track], 'trak', 'edts', 'elst')?.body.readInt32BE(12) ?? 0);
  const rows = edits.flatMap((edit) => {
    const start = 'emptySeconds' in edit ? EMPTY_EDIT : Math.round(edit[0] * scale) + skipped;
    return [Math.round(secondsOf(edit) * movieScale), start, NORMAL_RATE];
  });
  const children = (track.children ?? []).filter(({ type }) => type !== 'edts');
  children.splice(1, 0, box('edts', [box('elst', fullBody(edits.length, ...rows))]));
  track.children = children;
}
