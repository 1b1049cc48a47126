// Edits of an MP4's video track description: no composition times, no parameter sets, two sample entries.
import { box, boxAt, findBox, fullBody, handlerOf, parseBoxes, tracksOf, writeBoxes, type Box } from './mp4-boxes.ts';

/** Removes the composition times. Offsets stay: the boxes are renamed, not removed. */
export function withoutCompositionTimes(file: Uint8Array): Buffer {
  const boxes = parseBoxes(file);
  const track = videoTrackOf(boxes);
  boxAt([track], 'trak', 'mdia', 'minf', 'stbl', 'ctts').type = 'free';
  const edits = findBox([track], 'trak', 'edts');
  if (edits !== undefined) {
    edits.body = writeBoxes(edits.children ?? []);
    edits.children = undefined;
    edits.type = 'free';
  }
  return writeBoxes(boxes);
}

/** Reduces avcC or hvcC to its header; the rest becomes free space. */
export function withoutParameterSets(file: Uint8Array): Buffer {
  const boxes = parseBoxes(file);
  const { body } = boxAt([videoTrackOf(boxes)], 'trak', 'mdia', 'minf', 'stbl', 'stsd');
  for (const [name, kept] of [
    ['hvcC', 23],
    ['avcC', 7],
  ] as const) {
    const at = body.indexOf(name) - 4;
    if (at < 0) continue;
    const size = body.readUInt32BE(at);
    const rest = at + 8 + kept;
    body.writeUInt32BE(8 + kept, at);
    if (name === 'hvcC') body[rest - 1] = 0;
    else body.set([0xe0, 0], rest - 2);
    body.writeUInt32BE(size - 8 - kept, rest);
    body.write('free', rest + 4, 'latin1');
    body.fill(0, rest + 8, at + size);
  }
  return writeBoxes(boxes);
}

interface Samples {
  boxes: Box[];
  table: Box;
  data: Buffer[];
  sync: number[];
  entry: Buffer;
}

/**
 * One video track with the samples of two files, each with its own sample entry, as editing programs write it. All samples last
 * `sampleTicks`; both files have one track with the same timescale and no B-frames.
 */
export function joinedByEntries(first: Uint8Array, second: Uint8Array, sampleTicks: number): Buffer {
  const [left, right] = [samplesOf(first), samplesOf(second)];
  const data = [...left.data, ...right.data];
  const type = box('ftyp', Buffer.from('isom\0\0\u0002\0isomiso2avc1mp41', 'latin1'));
  const start = writeBoxes([type]).length + 8;
  const middle = start + sizeOf(left.data);
  const [before, after] = [left.data.length, right.data.length];
  left.table.children = [
    box('stsd', Buffer.concat([fullBody(2), left.entry, right.entry])),
    box('stts', fullBody(1, data.length, sampleTicks)),
    box(
      'stss',
      fullBody(left.sync.length + right.sync.length, ...left.sync, ...right.sync.map((each) => each + before)),
    ),
    // The second chunk belongs to the second entry.
    box('stsc', fullBody(2, 1, before, 1, 2, after, 2)),
    box('stsz', fullBody(0, data.length, ...data.map((sample) => sample.length))),
    box('stco', fullBody(2, start, middle)),
  ];
  const track = videoTrackOf(left.boxes);
  track.children = (track.children ?? []).filter((each) => each.type !== 'edts');
  lengthen(left.boxes, track, data.length * sampleTicks);
  return writeBoxes([type, box('mdat', Buffer.concat(data)), boxAt(left.boxes, 'moov')]);
}

function lengthen(boxes: readonly Box[], track: Box, ticks: number): void {
  const media = boxAt([track], 'trak', 'mdia', 'mdhd').body;
  const movie = boxAt(boxes, 'moov', 'mvhd').body;
  const inMovie = Math.round((ticks / media.readUInt32BE(12)) * movie.readUInt32BE(12));
  media.writeUInt32BE(ticks, 16);
  movie.writeUInt32BE(inMovie, 16);
  boxAt([track], 'trak', 'tkhd').body.writeUInt32BE(inMovie, 20);
}

function samplesOf(file: Uint8Array): Samples {
  const bytes = Buffer.from(file);
  const boxes = parseBoxes(bytes);
  const table = boxAt([videoTrackOf(boxes)], 'trak', 'mdia', 'minf', 'stbl');
  const bodyOf = (type: string): Buffer => boxAt([table], 'stbl', type).body;
  const [sizes, chunks, runs] = [bodyOf('stsz'), bodyOf('stco'), bodyOf('stsc')];
  const data: Buffer[] = [];
  for (let chunk = 1; chunk <= chunks.readUInt32BE(4); chunk += 1) {
    let at = chunks.readUInt32BE(4 + 4 * chunk);
    for (let left = samplesInChunk(runs, chunk); left > 0; left -= 1) {
      const size = sizes.readUInt32BE(4) || sizes.readUInt32BE(12 + 4 * data.length);
      data.push(bytes.subarray(at, at + size));
      at += size;
    }
  }
  return { boxes, table, data, sync: numbersIn(bodyOf('stss')), entry: bodyOf('stsd').subarray(8) };
}

function samplesInChunk(runs: Buffer, chunk: number): number {
  let samples = 0;
  for (let row = 0; row < runs.readUInt32BE(4); row += 1) {
    if (runs.readUInt32BE(8 + 12 * row) <= chunk) samples = runs.readUInt32BE(12 + 12 * row);
  }
  return samples;
}

function numbersIn(body: Buffer): number[] {
  return Array.from({ length: body.readUInt32BE(4) }, (_, index) => body.readUInt32BE(8 + 4 * index));
}

function sizeOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function videoTrackOf(boxes: readonly Box[]): Box {
  const track = tracksOf(boxes).find((each) => handlerOf(each) === 'vide');
  if (track === undefined) throw new TypeError('there is no video track');
  return track;
}
