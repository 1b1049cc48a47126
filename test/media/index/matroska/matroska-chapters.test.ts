// Editions and chapters from elements written by hand (RFC 9559 section 5.1.7).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { parseMatroskaChapters } from '../../../../src/media/index/matroska/matroska-chapters.ts';
import { ID } from '../../../../src/media/index/matroska/matroska-ids.ts';
import { element, number, text } from '../matroska-synthetic.ts';
import { viewOf } from '../view-of.ts';

const SECOND = 1_000_000_000;

function edition(...children: Buffer[]): Buffer {
  return element(ID.editionEntry, ...children);
}

/** Times in seconds. */
function atom(start: number, title: string, ...more: Buffer[]): Buffer {
  const display = element(ID.chapterDisplay, text(ID.chapString, title));
  return element(ID.chapterAtom, number(ID.chapterTimeStart, start * SECOND), display, ...more);
}

function end(seconds: number): Buffer {
  return number(ID.chapterTimeEnd, seconds * SECOND);
}

/** Chapters of a film of 100 seconds. */
function chaptersOf(...editions: Buffer[]): [start: number, end: number, title: string][] {
  const found = parseMatroskaChapters(viewOf(...editions), 100);
  return found.map(({ startSeconds, endSeconds, title }) => [startSeconds, endSeconds, title]);
}

suite('chapters', () => {
  const ROWS: { what: string; atoms: Buffer[]; expected: [start: number, end: number, title: string][] }[] = [
    { what: 'with an end', atoms: [atom(0.5, 'a', end(20))], expected: [[0.5, 20, 'a']] },
    {
      what: 'without an end: up to the next one, and to the end of the film',
      atoms: [atom(0, 'a'), atom(30, 'b')],
      expected: [
        [0, 30, 'a'],
        [30, 100, 'b'],
      ],
    },
    {
      what: 'out of order',
      atoms: [atom(30, 'b'), atom(0, 'a')],
      expected: [
        [0, 30, 'a'],
        [30, 100, 'b'],
      ],
    },
    {
      what: 'an end that is not behind the start counts as none',
      atoms: [atom(10, 'a', end(10)), atom(40, 'b', end(39))],
      expected: [
        [10, 40, 'a'],
        [40, 100, 'b'],
      ],
    },
    { what: 'behind the end of the film', atoms: [atom(120, 'a')], expected: [[120, 120, 'a']] },
    {
      what: 'hidden, disabled, and of another segment',
      atoms: [
        atom(0, 'a', number(ID.chapterFlagHidden, 1)),
        atom(1, 'b', number(ID.chapterFlagEnabled, 0)),
        atom(2, 'c', element(ID.chapterSegmentUuid, Buffer.alloc(16, 1))),
        atom(3, 'd'),
      ],
      expected: [[3, 100, 'd']],
    },
    {
      what: 'flags that are stated as their defaults',
      atoms: [atom(0, 'a', number(ID.chapterFlagHidden, 0), number(ID.chapterFlagEnabled, 1))],
      expected: [[0, 100, 'a']],
    },
    {
      what: 'empty flags are their defaults: shown and enabled',
      atoms: [atom(0, 'a', element(ID.chapterFlagHidden), element(ID.chapterFlagEnabled))],
      expected: [[0, 100, 'a']],
    },
    { what: 'without a start', atoms: [element(ID.chapterAtom, end(5))], expected: [] },
    {
      what: 'without a title',
      atoms: [element(ID.chapterAtom, number(ID.chapterTimeStart, 0))],
      expected: [[0, 100, '']],
    },
    {
      what: 'titles in two languages: the first',
      atoms: [atom(0, 'eins', element(ID.chapterDisplay, text(ID.chapString, 'one')))],
      expected: [[0, 100, 'eins']],
    },
    { what: 'chapters inside of chapters', atoms: [atom(0, 'a', atom(5, 'aa'))], expected: [[0, 100, 'a']] },
  ];
  for (const { what, atoms, expected } of ROWS)
    test(what, () => assert.deepEqual(chaptersOf(edition(...atoms)), expected));

  test('a thousand at most', () => {
    const atoms = Array.from({ length: 1001 }, (_, i) => atom(i, 'a'));
    assert.equal(chaptersOf(edition(...atoms)).length, 1000);
  });
  test('the end of the last one is unknown: it has no length', () =>
    assert.deepEqual(parseMatroskaChapters(viewOf(edition(atom(7, 'a'))), undefined), [
      { startSeconds: 7, endSeconds: 7, title: 'a' },
    ]));
});

suite('editions', () => {
  const hidden = number(ID.editionFlagHidden, 1);
  const ordered = number(ID.editionFlagOrdered, 1);
  const preferred = number(ID.editionFlagDefault, 1);
  const ROWS: { what: string; editions: Buffer[][]; expected: number | undefined }[] = [
    { what: 'the first', editions: [[], []], expected: 0 },
    { what: 'the default one', editions: [[], [preferred], [preferred]], expected: 1 },
    { what: 'not a hidden one', editions: [[hidden, preferred], []], expected: 1 },
    { what: 'a plain one before the default one that is ordered', editions: [[ordered, preferred], []], expected: 1 },
    { what: 'ordered ones alone: the default one', editions: [[ordered], [ordered, preferred]], expected: 1 },
    { what: 'all are hidden', editions: [[hidden], [hidden]], expected: undefined },
    { what: 'none', editions: [], expected: undefined },
  ];
  for (const { what, editions, expected } of ROWS)
    test(what, () => {
      const found = chaptersOf(...editions.map((flags, i) => edition(...flags, atom(i, `of edition ${i}`))));
      assert.deepEqual(found, expected === undefined ? [] : [[expected, 100, `of edition ${expected}`]]);
    });

  test('the source has no chapters', () => assert.deepEqual(parseMatroskaChapters(undefined, 100), []));
});
