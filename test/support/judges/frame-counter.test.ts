// The frame counter must survive scaling and encoding by servers and browsers, and be unreadable rather than wrong.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { videoOf } from '../clips/catalogue.ts';
import { range } from '../clips/clip-facts.ts';
import { clip } from '../clips/clips.ts';
import { framesOf } from './decode.ts';
import { run } from '../clips/ffmpeg.ts';
import { codeOf } from '../clips/frame-code.ts';
import { frameNumbersOf, readFlash, readFrameNumber } from './frame-counter.ts';

const WIDTH = 320;
const HEIGHT = 180;

for (const height of [144, 360, 720]) {
  test(`frame numbers are read from a coarse transcode to ${height} lines`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'frame-counter-'));
    try {
      const small = join(directory, 'coarse.mp4');
      const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '38', '-pix_fmt', 'yuv420p', '-threads', '2'];
      await run('ffmpeg', [
        '-v',
        'error',
        '-i',
        await clip('video-only'),
        '-vf',
        `scale=-2:${height}`,
        ...encode,
        small,
      ]);
      assert.deepEqual(await frameNumbersOf(small), range(0, 500));
    } finally {
      await rm(directory, { recursive: true });
    }
  });
}

test('the flash is lit in the frames in which beeps start, and in no other', async () => {
  const { video } = videoOf('mp4-faststart');
  const lit: number[] = [];
  let number = 0;
  for await (const { pixels, width, height } of framesOf(await clip('mp4-faststart'))) {
    if (readFlash(pixels, width, height)) lit.push(number);
    number += 1;
  }
  assert.deepEqual(lit, range(0, video.frameNumbers.length, 24));
});

test('the reader works as text in another realm, on RGBA, as in a page', () => {
  const read: unknown = runInNewContext(`(${readFrameNumber.toString()})(pixels, ${WIDTH}, ${HEIGHT})`, {
    pixels: rgba(drawn(5437)),
  });
  assert.equal(read, 5437);
});

test('every number can be read back', () => {
  for (let number = 0; number < 2 ** 14; number += 97)
    assert.equal(readFrameNumber(drawn(number), WIDTH, HEIGHT), number);
});

test('a blend of two frames is no number', () => {
  const [one, other] = [drawn(1000), drawn(1001)];
  const blend = one.map((level, i) => (level + (other[i] ?? 0)) / 2);
  assert.equal(readFrameNumber(blend, WIDTH, HEIGHT), undefined);
});

test('a picture without the code is no number', () => {
  assert.equal(readFrameNumber(new Uint8Array(WIDTH * HEIGHT), WIDTH, HEIGHT), undefined);
  assert.equal(readFrameNumber(new Uint8Array(WIDTH * HEIGHT).fill(255), WIDTH, HEIGHT), undefined);
});

test('a flipped bit is no number', () => {
  const picture = drawn(1000);
  for (let y = 0; y < 36; y += 1) picture.fill(255, y * WIDTH + 32, y * WIDTH + 48);
  assert.equal(readFrameNumber(picture, WIDTH, HEIGHT), undefined);
});

function drawn(number: number): Uint8Array {
  const code = codeOf(number, false);
  return Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
    code[Math.floor((i % WIDTH) / 16)] === true ? 235 : 16,
  );
}

function rgba(grey: Uint8Array): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: grey.length * 4 }, (_, i) => (i % 4 === 3 ? 255 : (grey[i >> 2] ?? 0)));
}
