// Which file of a torrent plays.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chooseFile } from '../../../src/sources/torrent/file-choice.ts';
import type { TorrentFile } from '../../../src/sources/torrent/torrent-engine.ts';
import { appError } from '../opened.ts';

function listed(...files: [path: string, sizeBytes: number, isPadding?: boolean][]): TorrentFile[] {
  return files.map(([path, sizeBytes, isPadding = false], index) => ({ index, path, sizeBytes, isPadding }));
}

const PACK = listed(['a.mkv', 50], ['pad', 90, true], ['b.MP4', 70], ['c.zip', 900], ['d.avi', 70], ['empty.mkv', 0]);
const any = { fileIndex: undefined };

test('the largest film plays, the first of two as large, whatever else is larger', () => {
  assert.equal(chooseFile(PACK, any).index, 2);
});

test('a named file plays whatever it is; one that is none, empty or filler is refused in words', () => {
  assert.equal(chooseFile(PACK, { fileIndex: 3 }).index, 3);
  const refuse = (fileIndex: number, sentence: RegExp) =>
    assert.throws(() => chooseFile(PACK, { fileIndex }), appError('SOURCE_UNUSABLE', sentence));
  refuse(6, /no file 6, only the files 0 to 5/u);
  refuse(1, /filler/u);
  refuse(5, /empty/u);
});

test('a magnet that is about some files gives the largest film of those', () => {
  assert.equal(chooseFile(PACK, { ...any, selected: [[0, 1]] }).index, 0);
  assert.equal(chooseFile(PACK, { ...any, selected: [[3, 4]] }).index, 4);
  assert.equal(chooseFile(PACK, { ...any, selected: [[3, 3]] }).index, 3);
  assert.equal(chooseFile(PACK, { ...any, selected: [[100, 999_999_999]] }).index, 2, 'a range that names nothing');
});

test('without a film the largest file plays, and with nothing at all there is an error', () => {
  assert.equal(chooseFile(listed(['a.mp3', 5], ['b.flac', 9], ['pad', 100, true]), any).index, 1);
  assert.throws(() => chooseFile(listed(['a.mkv', 0]), any), appError('SOURCE_UNUSABLE', /nothing to play/u));
});
