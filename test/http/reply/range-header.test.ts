// Range, If-Range and If-None-Match (RFC 9110 sections 8.8.3, 13.1.2, 13.1.5 and 14.1.2).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { matchesEtag, rangeVerdict, type RangeVerdict } from '../../../src/http/reply/range-header.ts';

const ETAG = '"a,b"';
const FULL: RangeVerdict = { kind: 'full' };
const NONE: RangeVerdict = { kind: 'unsatisfiable' };

function part(start: number, end: number): RangeVerdict {
  return { kind: 'part', range: { start, end } };
}

suite('ranges of 1000 bytes', () => {
  const ROWS: [what: string, range: string | undefined, ifRange: string | undefined, expected: RangeVerdict][] = [
    ['no range', undefined, undefined, FULL],
    ['the first 500 bytes', 'bytes=0-499', undefined, part(0, 500)],
    ['from byte 500 on', 'bytes=500-', undefined, part(500, 1000)],
    ['the last 500 bytes', 'bytes=-500', undefined, part(500, 1000)],
    ['more than there is at the end', 'bytes=-2000', undefined, part(0, 1000)],
    ['beyond the end', 'bytes=900-2000', undefined, part(900, 1000)],
    ['the last byte', 'bytes=999-999', undefined, part(999, 1000)],
    ['behind the last byte', 'bytes=1000-', undefined, NONE],
    ['the last 0 bytes', 'bytes=-0', undefined, NONE],
    ['another unit is ignored', 'lines=1-2', undefined, FULL],
    ['an invalid range is ignored', 'bytes=5-1', undefined, FULL],
    ['several ranges are ignored', 'bytes=0-1,5-6', undefined, FULL],
    ['the same entity', 'bytes=0-0', ETAG, part(0, 1)],
    ['another entity', 'bytes=0-0', '"c"', FULL],
    ['another entity, whose range would not do', 'bytes=1000-', '"c"', FULL],
    ['a weak validator never matches', 'bytes=0-0', `W/${ETAG}`, FULL],
    ['If-Range has no list', 'bytes=0-0', `${ETAG}, "c"`, FULL],
    ['If-Range has no asterisk', 'bytes=0-0', '*', FULL],
    ['a date, where the server has none', 'bytes=0-0', 'Wed, 21 Oct 2015 07:28:00 GMT', FULL],
    ['If-Range without a range', undefined, ETAG, FULL],
  ];
  for (const [what, range, ifRange, expected] of ROWS)
    test(what, () => assert.deepEqual(rangeVerdict({ range, ifRange, etag: ETAG, sizeBytes: 1000 }), expected));

  test('no range of an empty entity can be satisfied', () => {
    for (const range of ['bytes=0-', 'bytes=0-0', 'bytes=-1'])
      assert.deepEqual(rangeVerdict({ range, ifRange: undefined, etag: ETAG, sizeBytes: 0 }), NONE, range);
  });
});

suite('entity tags that the client has', () => {
  const ROWS: [what: string, value: string | undefined, etag: string, expected: boolean][] = [
    ['no header', undefined, '"a"', false],
    ['nothing', '', '"a"', false],
    ['the same', '"a"', '"a"', true],
    ['another', '"b"', '"a"', false],
    ['a weak one: the comparison is weak', 'W/"a"', '"a"', true],
    ['the weak sign in small letters is no sign', 'w/"b"', '"a"', false],
    ['any', '*', '"a"', true],
    ['any, with spaces', ' * ', '"a"', true],
    ['a list', '"x", W/"y" ,"a"', '"a"', true],
    ['a list without spaces', '"x","a"', '"a"', true],
    ['a list with empty elements', ', "a",', '"a"', true],
    ['a list without it', '"x", "y"', '"a"', false],
    ['in capitals: tags are compared by byte', '"A"', '"a"', false],
    ['without quotation marks', 'a', '"a"', false],
    ['the same with a comma inside', '"a,b"', '"a,b"', true],
    ['others with commas inside', '"x,a", "a,y"', '"a"', false],
    ['an asterisk between commas of a tag', '"x,*,y"', '"a"', false],
    ['an asterisk as a tag', '"*"', '"a"', false],
    ['the empty tag', '""', '""', true],
    ['the text between two tags is no tag', '"x","y"', '","', false],
  ];
  for (const [what, value, etag, expected] of ROWS) test(what, () => assert.equal(matchesEtag(value, etag), expected));
});
