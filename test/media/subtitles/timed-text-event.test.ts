// Samples of 3GPP Timed Text written by hand (3GPP TS 26.245 clause 5.17).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { box, u16, u32, u8 } from '../../../src/media/fmp4/box.ts';
import { timedTextReader } from '../../../src/media/subtitles/timed-text-event.ts';

const [BOLD, ITALIC, UNDERLINE] = [1, 2, 4];

/** A StyleRecord: `[start, end)` in characters, font, face, size, colour. */
function style(start: number, end: number, face: number): Buffer {
  return Buffer.concat([u16(start, end, 1), u8(face, 18), u32(0xffffffff)]);
}

function styles(...records: Buffer[]): Buffer {
  return box('styl', u16(records.length), ...records);
}

function sample(text: string | Buffer, ...boxes: Buffer[]): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([u16(bytes.length), bytes, ...boxes]);
}

const CUT_OFF = styles(style(0, 1, BOLD), style(1, 2, ITALIC));
/** States two records and holds one. */
const ONE_OF_TWO = box('styl', u16(2), style(0, 1, BOLD));

suite('samples', () => {
  const ROWS: { what: string; payload: Uint8Array; text: string; language?: string }[] = [
    { what: 'plain text', payload: sample('one\ntwo'), text: 'one\ntwo' },
    { what: 'an empty sample ends the text before it', payload: sample(''), text: '' },
    { what: 'no bytes', payload: Uint8Array.of(), text: '' },
    { what: 'one byte', payload: Uint8Array.of(0), text: '' },
    { what: 'a length beyond the sample', payload: Buffer.concat([u16(99), Buffer.from('text')]), text: 'text' },
    {
      what: 'UTF-16 behind a byte order mark',
      payload: sample(Buffer.from([0xfe, 0xff, 0, 0x61, 0x26, 0x6a])),
      text: 'a♪',
    },
    { what: 'text in an old encoding', payload: sample(Buffer.from([0xe9])), language: 'fra', text: 'é' },
    { what: 'a style', payload: sample('one two', styles(style(0, 3, BOLD))), text: '<b>one</b> two' },
    {
      what: 'several faces',
      payload: sample('ab', styles(style(1, 2, BOLD + ITALIC + UNDERLINE))),
      text: 'a<b><i><u>b</u></i></b>',
    },
    { what: 'a plain face', payload: sample('ab', styles(style(0, 2, 0))), text: 'ab' },
    {
      what: 'offsets count characters, not bytes',
      payload: sample('é😀ab', styles(style(2, 3, ITALIC))),
      text: 'é😀<i>a</i>b',
    },
    {
      what: 'records out of order',
      payload: sample('abc', styles(style(2, 3, ITALIC), style(0, 1, BOLD))),
      text: '<b>a</b>b<i>c</i>',
    },
    {
      what: 'a record that overlaps the one before is left out',
      payload: sample('abc', styles(style(0, 2, BOLD), style(1, 3, ITALIC))),
      text: '<b>ab</b>c',
    },
    { what: 'a record beyond the text', payload: sample('abc', styles(style(3, 9, BOLD))), text: 'abc' },
    {
      what: 'a record that ends beyond the text',
      payload: sample('abc', styles(style(1, 9, BOLD))),
      text: 'a<b>bc</b>',
    },
    { what: 'a record that ends before it starts', payload: sample('abc', styles(style(2, 1, BOLD))), text: 'abc' },
    {
      what: 'other boxes before the styles',
      payload: sample('ab', box('hlit', u16(0, 1)), styles(style(0, 1, BOLD))),
      text: '<b>a</b>b',
    },
    { what: 'fewer records than stated', payload: sample('abc', ONE_OF_TWO), text: '<b>a</b>bc' },
    { what: 'a box that is cut off', payload: sample('abc', CUT_OFF.subarray(0, -3)), text: 'abc' },
    { what: 'a box without a count', payload: sample('abc', box('styl', u8(0))), text: 'abc' },
    { what: 'markup is text', payload: sample('<i>a</i>'), text: '&lt;i&gt;a&lt;/i&gt;' },
  ];
  for (const { what, payload, language = 'und', text } of ROWS)
    test(what, () =>
      assert.deepEqual(timedTextReader(language)({ startMs: 0, endMs: 1, payload }), { settings: '', text }),
    );
});
