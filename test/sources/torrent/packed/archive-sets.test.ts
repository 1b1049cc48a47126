// Volumes of archives by the names that packers give them.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { archiveSets } from '../../../../src/sources/torrent/packed/archive-sets.ts';
import type { TorrentFile } from '../../../../src/torrent-engine/protocol/torrent-engine.ts';

function filesOf(paths: string[], more: Partial<TorrentFile> = {}): TorrentFile[] {
  return paths.map((path, index) => ({ index, path, sizeBytes: 100, isPadding: false, ...more }));
}

/** Each set as its format, path and volumes; a question mark where a volume is missing. */
function summary(files: TorrentFile[]): string[] {
  return archiveSets(files).map(({ format, path, volumes, hasGaps }) => {
    const names = volumes.map((volume) => volume.path.slice(path.length)).join(' ');
    return `${format} ${path}: ${names}${hasGaps ? ' ?' : ''}`;
  });
}

suite('sets', () => {
  const ROWS: { what: string; paths: string[]; expected: string[] }[] = [
    { what: 'no archive', paths: ['film.mkv', 'film.nfo', 'rar', 'film.rar.txt'], expected: [] },
    { what: 'one volume', paths: ['film.rar'], expected: ['rar film: .rar'] },
    {
      what: 'new names, sorted by number',
      paths: ['film.part10.rar', ...Array.from({ length: 9 }, (_, i) => `film.part${i + 1}.rar`)],
      expected: [
        'rar film: .part1.rar .part2.rar .part3.rar .part4.rar .part5.rar .part6.rar .part7.rar .part8.rar .part9.rar .part10.rar',
      ],
    },
    {
      what: 'old names: .rar is the first',
      paths: ['film.r00', 'film.r01', 'film.rar'],
      expected: ['rar film: .rar .r00 .r01'],
    },
    {
      what: 'old names go on from .r99 to .s00',
      paths: ['film.s00', ...Array.from({ length: 100 }, (_, i) => `film.r${String(i).padStart(2, '0')}`), 'film.rar'],
      expected: [
        `rar film: .rar ${Array.from({ length: 100 }, (_, i) => `.r${String(i).padStart(2, '0')}`).join(' ')} .s00`,
      ],
    },
    { what: 'numbered parts', paths: ['film.mkv.002', 'film.mkv.001'], expected: ['numbered film.mkv: .001 .002'] },
    { what: 'other formats', paths: ['a.zip', 'b.7z'], expected: ['zip a: .zip', '7z b: .7z'] },
    { what: 'capitals', paths: ['Film.RAR', 'film.R00'], expected: ['rar Film: .RAR .R00'] },
    {
      what: 'the same name in two folders',
      paths: ['1/film.rar', '2/film.rar'],
      expected: ['rar 1/film: .rar', 'rar 2/film: .rar'],
    },
    {
      what: 'the same name in two formats',
      paths: ['film.rar', 'film.zip'],
      expected: ['rar film: .rar', 'zip film: .zip'],
    },
    { what: 'the first volume is missing', paths: ['film.r00', 'film.r01'], expected: ['rar film: .r00 .r01 ?'] },
    {
      what: 'a volume in the middle is missing',
      paths: ['film.001', 'film.003'],
      expected: ['numbered film: .001 .003 ?'],
    },
    {
      what: 'a volume twice',
      paths: ['film.part1.rar', 'film.part01.rar'],
      expected: ['rar film: .part1.rar .part01.rar ?'],
    },
    { what: 'numbers begin at one', paths: ['film.000', 'film.001'], expected: ['numbered film: .000 .001 ?'] },
    { what: 'a year is no number of a part', paths: ['film.2019', 'film.19'], expected: [] },
    { what: 'a name that is the suffix alone', paths: ['.rar'], expected: ['rar : .rar'] },
  ];
  for (const { what, paths, expected } of ROWS) test(what, () => assert.deepEqual(summary(filesOf(paths)), expected));

  test('padding and empty files are no volumes', () => {
    assert.deepEqual(summary(filesOf(['film.rar'], { isPadding: true })), []);
    assert.deepEqual(summary(filesOf(['film.rar'], { sizeBytes: 0 })), []);
  });

  test('the size is that of all volumes', () =>
    assert.equal(archiveSets(filesOf(['film.rar', 'film.r00', 'film.nfo']))[0]?.sizeBytes, 200));
});
