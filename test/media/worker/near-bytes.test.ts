// When a worker may read remote bytes at once: only pictures read in order, and only as far as the server says.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NearBytes } from '../../../src/media/worker/libav/demux/near-bytes.ts';

const MIB = 1024 * 1024;

/** Packets of 1000 bytes in order from `start` on. Gives where the next one begins. */
function read(near: NearBytes, start: number, count: number): number {
  for (let i = 0; i < count; i += 1) near.tookPacket(start + i * 1000, 1000);
  return start + count * 1000;
}

test('packets in order are read at once as far as bytes are here, with room for a large one', async () => {
  const questions: number[] = [];
  const near = new NearBytes(async (start) => {
    questions.push(start);
    return 3 * MIB;
  });
  near.moved({ isDense: true });
  let at = read(near, 5000, 2);
  assert.equal(await near.holdsNext(), false);
  assert.deepEqual(questions, []);
  at = read(near, at, 3);
  assert.equal(await near.holdsNext(), true);
  assert.deepEqual(questions, [at]);
  while (at < 2 * MIB - 1000) at = read(near, at, 1);
  assert.equal(await near.holdsNext(), true);
  // A picture as long as half a megabyte could end beyond what is here.
  while (at < 2.6 * MIB) at = read(near, at, 1);
  assert.equal(await near.holdsNext(), false);
});

test('large packets, and what lies between packets, make for more room', async () => {
  const near = new NearBytes(async (start) => start + MIB);
  near.moved({ isDense: true });
  const at = read(near, 0, 5);
  assert.equal(await near.holdsNext(), true);
  near.tookPacket(at + 200_000, 500_000);
  assert.equal(await near.holdsNext(), false);
});

test('who goes elsewhere, jumps, or reads sound alone, knows nothing', async () => {
  let questions = 0;
  const near = new NearBytes(async () => {
    questions += 1;
    return Infinity;
  });
  near.moved({ isDense: true });
  read(near, 0, 10);
  assert.equal(await near.holdsNext(), true);
  near.moved();
  assert.equal(await near.holdsNext(), false);
  read(near, 0, 10);
  // What was near before may have been dropped: it is asked for again.
  assert.equal(await near.holdsNext(), true);
  assert.equal(questions, 2);
  near.tookPacket(50 * MIB, 1000);
  assert.equal(await near.holdsNext(), false);
  near.moved({ isDense: false });
  read(near, 0, 10);
  assert.equal(await near.holdsNext(), false);
  near.tookPacket(-1, 1000);
  assert.equal(await near.holdsNext(), false);
});
