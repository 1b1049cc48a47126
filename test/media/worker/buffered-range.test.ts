// When a worker may read remote bytes at once: only pictures read in order, and only as far as the server says.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BufferedRange } from '../../../src/media/worker/libav/demux/buffered-range.ts';

const MIB = 1024 * 1024;

/** Packets of 1000 bytes in order from `start` on. Gives where the next one begins. */
function read(buffered: BufferedRange, start: number, count: number): number {
  for (let i = 0; i < count; i += 1) buffered.tookPacket(start + i * 1000, 1000);
  return start + count * 1000;
}

test('packets in order are read synchronously up to the end of the buffered bytes, less room for a large packet', async () => {
  const questions: number[] = [];
  const buffered = new BufferedRange(async (start) => {
    questions.push(start);
    return 3 * MIB;
  });
  buffered.moved({ isDense: true });
  let at = read(buffered, 5000, 2);
  assert.equal(await buffered.holdsNext(), false);
  assert.deepEqual(questions, []);
  at = read(buffered, at, 3);
  assert.equal(await buffered.holdsNext(), true);
  assert.deepEqual(questions, [at]);
  while (at < 2 * MIB - 1000) at = read(buffered, at, 1);
  assert.equal(await buffered.holdsNext(), true);
  // A picture as long as half a megabyte could end beyond what is here.
  while (at < 2.6 * MIB) at = read(buffered, at, 1);
  assert.equal(await buffered.holdsNext(), false);
});

test('large packets and gaps between packets enlarge that room', async () => {
  const buffered = new BufferedRange(async (start) => start + MIB);
  buffered.moved({ isDense: true });
  const at = read(buffered, 0, 5);
  assert.equal(await buffered.holdsNext(), true);
  buffered.tookPacket(at + 200_000, 500_000);
  assert.equal(await buffered.holdsNext(), false);
});

test('a demuxer that seeks, jumps or reads audio alone knows of no buffered bytes', async () => {
  let questions = 0;
  const buffered = new BufferedRange(async () => {
    questions += 1;
    return Infinity;
  });
  buffered.moved({ isDense: true });
  read(buffered, 0, 10);
  assert.equal(await buffered.holdsNext(), true);
  buffered.moved();
  assert.equal(await buffered.holdsNext(), false);
  read(buffered, 0, 10);
  // What was buffered before may have been dropped: it is asked for again.
  assert.equal(await buffered.holdsNext(), true);
  assert.equal(questions, 2);
  buffered.tookPacket(50 * MIB, 1000);
  assert.equal(await buffered.holdsNext(), false);
  buffered.moved({ isDense: false });
  read(buffered, 0, 10);
  assert.equal(await buffered.holdsNext(), false);
  buffered.tookPacket(-1, 1000);
  assert.equal(await buffered.holdsNext(), false);
});
