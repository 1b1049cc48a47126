// Subtitles of a torrent must not take the peers away from the player.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import type { ByteReader } from '../../../src/media/index/container/container-index.ts';
import { PacedReader } from '../../../src/media/subtitles/paced-reader.ts';

const PACE = { fetchedMs: 20, pauseMs: 200 };

test('reads that have to be fetched come one at a time with a pause after each, the others at once', async () => {
  const spans: { start: number; fromMs: number; toMs: number }[] = [];
  const reader: ByteReader = {
    sizeBytes: 100,
    isSeekable: true,
    async read({ start }) {
      const fromMs = performance.now();
      // The first ten bytes are here already.
      if (start >= 10) await delay(60);
      spans.push({ start, fromMs, toMs: performance.now() });
      return Uint8Array.of(start);
    },
  };
  const paced = new PacedReader(reader, new AbortController().signal, PACE);
  const began = performance.now();
  await Promise.all([0, 1, 2, 3].map((start) => paced.read({ start, end: start + 1 })));
  assert.ok(performance.now() - began < PACE.pauseMs, 'nothing had to be fetched');
  const bytes = await Promise.all([10, 11, 12].map((start) => paced.read({ start, end: start + 1 })));
  assert.deepEqual(
    bytes,
    [10, 11, 12].map((start) => Uint8Array.of(start)),
  );
  const fetched = spans.filter(({ start }) => start >= 10);
  for (const [i, { fromMs }] of fetched.entries()) {
    const before = fetched[i - 1];
    assert.ok(!before || fromMs - before.toMs >= PACE.pauseMs - 5, `${fromMs - (before?.toMs ?? 0)} ms`);
  }
});

test('a read that fails, and a reader who leaves, hold up nobody', async () => {
  const leaving = new AbortController();
  let isBroken = true;
  const reader: ByteReader = {
    sizeBytes: 1,
    isSeekable: true,
    async read() {
      await delay(30);
      if (isBroken) throw new Error('broken');
      return Uint8Array.of(1);
    },
  };
  const paced = new PacedReader(reader, leaving.signal, { ...PACE, pauseMs: 60_000 });
  await assert.rejects(paced.read({ start: 0, end: 1 }), /broken/u);
  isBroken = false;
  await paced.read({ start: 0, end: 1 });
  const waiting = paced.read({ start: 0, end: 1 });
  leaving.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
});
