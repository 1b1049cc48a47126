import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readContainerIndex } from '../../../src/media/index/read-container-index.ts';
import { clip } from '../../support/clips/clips.ts';
import { CountedBytes } from './counted-bytes.ts';
import { box, regularTables, syntheticFilm } from './mp4-synthetic.ts';

test('the first bytes tell MP4 from Matroska, whatever the name', async () => {
  for (const name of ['mp4-faststart', 'mp4-moov-last', 'audio-m4a'] as const) {
    assert.equal((await readContainerIndex(await CountedBytes.of(await clip(name))))?.container, 'mp4');
  }
  for (const name of ['mkv-two-audio', 'mkv-no-cues', 'webm-vp9-opus'] as const) {
    assert.equal((await readContainerIndex(await CountedBytes.of(await clip(name))))?.container, 'matroska');
  }
});

test('QuickTime films may start with other boxes', async () => {
  const film = syntheticFilm({ tables: regularTables(8, 4, 1000) });
  for (const first of ['mdat', 'free', 'skip', 'wide', 'pnot']) {
    const bytes = Buffer.concat([box(first, Buffer.from('anything')), film]);
    assert.equal((await readContainerIndex(new CountedBytes(bytes)))?.video?.frameCount, 8);
  }
});

test('other containers, texts and empty files have no index and cost one small read', async () => {
  for (const name of ['avi-mpeg4-bframes', 'audio-mp3', 'text-mkv', 'html-mp4', 'empty'] as const) {
    const reader = await CountedBytes.of(await clip(name));
    assert.equal(await readContainerIndex(reader), undefined);
    assert.ok(reader.reads === 1 && reader.readBytes <= 2048);
  }
});

test('an error of the reader reaches the caller', async () => {
  const broken = { sizeBytes: 1000, isSeekable: true, read: () => Promise.reject(new Error('the line is cut')) };
  await assert.rejects(readContainerIndex(broken), /the line is cut/);
});
