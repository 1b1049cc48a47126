// Rules of the scheduler, seen from outside: which jobs real worker processes are given, and what comes back.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { SegmentStudio } from './segment-studio.ts';

describe('copied segments', () => {
  it('are made once for a hundred parallel requests', async () => {
    await using studio = await SegmentStudio.open();
    const rendition = studio.rendition('copied', 'copy', { segmentMs: 50 });
    const files = await Promise.all(
      Array.from({ length: 100 }, (_, index) => studio.request(rendition, 7, `viewer ${index}`)),
    );
    assert.deepEqual(await studio.begun(), [7]);
    const { path, bytes } = files[0] ?? assert.fail();
    assert.deepEqual(await readFile(path), Buffer.from(bytes ?? []));
    assert.equal(new Set(files.map((file) => file.etag)).size, 1);
    assert.deepEqual(await studio.drafts(), []);
    assert.equal((await studio.request(rendition, 7)).path, path);
    assert.deepEqual(await studio.begun(), [7]);
  });
});

describe('encoded segments', () => {
  it('come from one encoder that goes on from segment to segment', async () => {
    await using studio = await SegmentStudio.open();
    const rendition = studio.rendition('encoded', 'encode');
    for (let number = 3; number < 8; number += 1) await studio.request(rendition, number);
    const events = await studio.events();
    assert.equal(new Set(events.map(({ pid }) => pid)).size, 1);
    assert.deepEqual((await studio.begun()).slice(0, 5), [3, 4, 5, 6, 7]);
  });
});
