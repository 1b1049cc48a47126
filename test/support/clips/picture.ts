// The pictures of the test clips, made frame by frame in yuv420p: the frame counter on top, a moving scene below.
// Deterministic, with enough motion, cuts and noise for an encoder to use B-frames and spend real bytes.
import { CODE_BLOCKS, CODE_HEIGHT, codeOf } from './frame-code.ts';

export interface PictureOptions {
  width: number;
  height: number;
  /** Frames between two flashes: the frame rate, rounded. */
  flashEvery: number;
  /** Frames at which the scene changes, ascending. */
  cuts: readonly number[];
  /** Whether the lower field is half a frame later than the upper one. */
  interlaced: boolean;
}

/** Frames `[0, count)`. Each buffer is its own: ffmpeg may still be reading the one before. */
export function* pictures(options: PictureOptions, count: number): Generator<Uint8Array> {
  const noise = noiseTable();
  for (let number = 0; number < count; number += 1) yield picture(options, number, noise);
}

function picture(options: PictureOptions, number: number, noise: Uint8Array): Uint8Array {
  const { width, height } = options;
  const frame = new Uint8Array((width * height * 3) / 2);
  const top = drawCode(frame, options, number);
  const scene = options.cuts.filter((cut) => cut <= number).length;
  drawScene(frame, options, { top, number, scene, noise });
  drawBoxes(frame, options, { top, number, scene });
  drawColor(frame, options, { top, number, scene });
  return frame;
}

interface Moment {
  /** First row below the counter. */
  top: number;
  number: number;
  scene: number;
}

function drawCode(frame: Uint8Array, { width, height, flashEvery }: PictureOptions, number: number): number {
  const rows = Math.round((height * CODE_HEIGHT) / 2) * 2;
  const code = codeOf(number, number % flashEvery === 0);
  for (let x = 0; x < width; x += 1) frame[x] = code[Math.floor((x * CODE_BLOCKS) / width)] === true ? 235 : 16;
  for (let y = 1; y < rows; y += 1) frame.copyWithin(y * width, 0, width);
  return rows;
}

function drawScene(
  frame: Uint8Array,
  { width, height, interlaced }: PictureOptions,
  { top, number, scene, noise }: Moment & { noise: Uint8Array },
): void {
  const slope = (scene % 5) - 2;
  for (let y = top; y < height; y += 1) {
    // Twice the frame number, so that a field can be half a frame later.
    const time = number * 2 + (interlaced ? y % 2 : 0);
    let grain = (y * 7919 + number * 104729 + scene * 31) & 0xffff;
    for (let x = 0; x < width; x += 1) {
      const wave = (x + y * slope + time + scene * 77) & 0xff;
      frame[y * width + x] = 40 + (wave < 128 ? wave : 255 - wave) + (noise[grain] ?? 0);
      grain = (grain + 1) & 0xffff;
    }
  }
}

function drawBoxes(frame: Uint8Array, options: PictureOptions, { top, number, scene }: Moment): void {
  const { width, height, interlaced } = options;
  const size = Math.floor(height / 8);
  for (let box = 0; box < 4; box += 1) {
    const upper = top + bounce(number * (box + 1) + scene * 50 + box * 90, height - top - size);
    for (let row = 0; row < size; row += 1) {
      const y = upper + row;
      const time = number * 2 + (interlaced ? y % 2 : 0);
      const x = bounce(time * (box + 1) + scene * 120 + box * 140, width - size);
      frame.fill(60 + ((box * 53 + scene * 29) % 150), y * width + x, y * width + x + size);
    }
  }
}

function drawColor(frame: Uint8Array, { width, height }: PictureOptions, { top, number, scene }: Moment): void {
  const luma = width * height;
  const chroma = luma / 4;
  const first = (top / 2) * (width / 2);
  frame.fill(128, luma);
  const angle = scene * 2.4 + number * 0.01;
  frame.fill(Math.round(128 + 50 * Math.cos(angle)), luma + first, luma + chroma);
  frame.fill(Math.round(128 + 50 * Math.sin(angle)), luma + chroma + first);
}

function bounce(distance: number, range: number): number {
  const place = distance % (2 * range);
  return place < range ? place : 2 * range - place;
}

function noiseTable(): Uint8Array {
  const table = new Uint8Array(0x10000);
  let state = 0x2545f491;
  for (let i = 0; i < table.length; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    table[i] = (state >>> 24) % 14;
  }
  return table;
}
