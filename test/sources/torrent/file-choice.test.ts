// Which file of a torrent plays.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chooseArchive, chooseFile } from '../../../src/sources/torrent/file-choice.ts';
import type { TorrentFile } from '../../../src/torrent-engine/protocol/torrent-engine.ts';
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

const RAR = ['film.rar', 'film.r00', 'film.r01', 'film.r99', 'film.s00'];
const volumes = (...names: string[]): [string, number][] => names.map((name) => [name, 100]);

test('a sample is not taken for the film that is packed beside it, whatever marks it as one', () => {
  const archiveIn = (...files: [path: string, sizeBytes: number][]): string | undefined =>
    chooseArchive(listed(...files), any)?.path;
  const parts = volumes('Film.part1.rar', 'Film.part2.rar', 'Film.part10.rar');
  assert.equal(archiveIn(...parts, ['Sample/a.mkv', 50]), 'Film');
  assert.equal(archiveIn(...parts, ['film-sample.mkv', 50]), 'Film');
  assert.equal(archiveIn(...parts, ['film-trailer.mp4', 50], ['film.nfo', 1]), 'Film');
  assert.equal(archiveIn(...parts, ['a.mkv', 20]), 'Film', 'a short film of another name');
  assert.equal(archiveIn(['Film.zip', 900], ['Sample/a.mkv', 50]), 'Film');
  assert.equal(archiveIn(...parts, ['readme.txt', 500]), undefined, 'what is larger is none');
});

test('a film beside archives is played as it is, a sample too where nothing else is as large', () => {
  const archiveIn = (...files: [path: string, sizeBytes: number][]): unknown => chooseArchive(listed(...files), any);
  assert.equal(archiveIn(['film.mkv', 900], ['Subs/film.rar', 5], ['film-sample.mkv', 20]), undefined);
  assert.equal(
    archiveIn(['e1.mkv', 300], ['e2.mkv', 300], ...volumes('extras.part1.rar', 'extras.part2.rar')),
    undefined,
  );
  assert.equal(archiveIn(['e1.mkv', 30], ['e2.mkv', 30], ['extras.zip', 900]), undefined);
  assert.equal(archiveIn(['The Sample (2024).mkv', 900], ['extras.rar', 90]), undefined);
  assert.equal(archiveIn(['Samples of life.mkv', 900]), undefined);
  assert.equal(archiveIn(['a.flac', 300], ['covers.zip', 20]), undefined);
});

test('volumes are put in order by their names, and those that are missing are noticed', () => {
  const setOf = (...names: string[]) => chooseArchive(listed(...volumes(...names)), any);
  const order = (...names: string[]) => setOf(...names)?.volumes.map(({ path }) => path);
  assert.deepEqual(order('f.part10.rar', 'f.part2.rar', 'f.part1.rar'), ['f.part1.rar', 'f.part2.rar', 'f.part10.rar']);
  assert.deepEqual(order('film.s00', 'film.r99', 'film.r01', 'film.rar', 'film.r00'), RAR);
  assert.deepEqual(order('F.003', 'f.001', 'f.002'), ['f.001', 'f.002', 'F.003']);
  assert.equal(setOf('film.rar', 'film.r00', 'film.r01')?.hasGaps, false);
  assert.equal(setOf(...RAR)?.hasGaps, true);
  assert.equal(setOf('film.r00', 'film.r01')?.hasGaps, true);
  assert.equal(setOf('f.part01.rar', 'f.part02.rar', 'g.part01.rar')?.hasGaps, false);
});

test('a named volume stands for its archive, a named file for itself', () => {
  const files = listed(...volumes('e1.part1.rar', 'e1.part2.rar', 'e2.part1.rar', 'e2.part2.rar'), ['sample.mkv', 5]);
  assert.equal(chooseArchive(files, { fileIndex: 3 })?.path, 'e2');
  assert.equal(chooseArchive(files, { fileIndex: 4 }), undefined);
  assert.equal(chooseArchive(files, { ...any, selected: [[2, 4]] })?.path, 'e2');
});
