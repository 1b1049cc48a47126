// Attribute lists and what may stand in them (RFC 8216 sections 4.2 and 4.3.5.2).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { attributeList, quotable, startTag, type AttributeValue } from '../../src/hls/attribute-list.ts';

suite('lists', () => {
  const ROWS: { what: string; attributes: Record<string, AttributeValue>; expected: string }[] = [
    { what: 'no attribute', attributes: {}, expected: '' },
    { what: 'text in quotes', attributes: { NAME: { quoted: 'Deutsch' } }, expected: 'NAME="Deutsch"' },
    { what: 'a word as it is', attributes: { TYPE: 'AUDIO' }, expected: 'TYPE=AUDIO' },
    {
      what: 'numbers',
      attributes: { BANDWIDTH: 8_000_000, 'FRAME-RATE': 23.976 },
      expected: 'BANDWIDTH=8000000,FRAME-RATE=23.976',
    },
    { what: 'zero', attributes: { N: 0 }, expected: 'N=0' },
    { what: 'in the order that is given', attributes: { B: 1, A: { quoted: 'x' }, C: 'Y' }, expected: 'B=1,A="x",C=Y' },
    { what: 'without those that have no value', attributes: { A: undefined, B: 1, C: undefined }, expected: 'B=1' },
    { what: 'empty text', attributes: { NAME: { quoted: '' } }, expected: 'NAME=""' },
    {
      what: 'a comma in quotes',
      attributes: { CODECS: { quoted: 'avc1.640029,mp4a.40.2' } },
      expected: 'CODECS="avc1.640029,mp4a.40.2"',
    },
    {
      what: 'text that would end its quotes',
      attributes: { NAME: { quoted: 'a",URI="b' } },
      expected: `NAME="a',URI='b"`,
    },
    {
      what: 'text that would begin a line',
      attributes: { NAME: { quoted: 'a\n#EXT-X-ENDLIST' } },
      expected: 'NAME="a #EXT-X-ENDLIST"',
    },
  ];
  for (const { what, attributes, expected } of ROWS)
    test(what, () => assert.equal(attributeList(attributes), expected));
});

suite('quoted text', () => {
  const ROWS: { what: string; text: string; expected: string }[] = [
    { what: 'plain', text: 'Kommentar, 2. Teil', expected: 'Kommentar, 2. Teil' },
    { what: 'quotes', text: '"a"', expected: "'a'" },
    { what: 'line breaks of all systems', text: 'a\nb\rc\r\nd', expected: 'a b c d' },
    { what: 'control characters', text: 'a\u0000\u0007b\u007fc\td', expected: 'a b c d' },
    { what: 'spaces around', text: ' a\n', expected: 'a' },
    { what: 'other scripts', text: '日本語 ä', expected: '日本語 ä' },
    { what: 'nothing but control characters', text: '\u0000\n', expected: '' },
  ];
  for (const { what, text, expected } of ROWS) test(what, () => assert.equal(quotable(text), expected));
});

suite('start', () => {
  const ROWS: { what: string; seconds: number; offset: string }[] = [
    { what: 'the beginning', seconds: 0, offset: '0.000' },
    { what: 'milliseconds', seconds: 61.5, offset: '61.500' },
    { what: 'rounded', seconds: 1 / 3, offset: '0.333' },
    { what: 'no exponent', seconds: 1e-7, offset: '0.000' },
    { what: 'days', seconds: 250_000.25, offset: '250000.250' },
  ];
  for (const { what, seconds, offset } of ROWS)
    test(what, () => assert.equal(startTag(seconds), `#EXT-X-START:TIME-OFFSET=${offset},PRECISE=YES`));
});
