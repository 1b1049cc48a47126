// `Range`, `Content-Range` and `Content-Length` (RFC 9110 sections 8.6, 14.2 and 14.4), and the forms that odd servers write.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  parseContentLength,
  parseContentRange,
  rangeHeader,
  type ContentRange,
} from '../../../../src/sources/http/client/content-range.ts';

const LARGEST = Number.MAX_SAFE_INTEGER;

suite('the range of a request', () => {
  const ROWS: [what: string, range: { start: number; end?: number }, expected: string][] = [
    ['the first byte', { start: 0, end: 1 }, 'bytes=0-0'],
    ['the second 500 bytes', { start: 500, end: 1000 }, 'bytes=500-999'],
    ['all but the first 9500 bytes', { start: 9500 }, 'bytes=9500-'],
    ['beyond 32 bits', { start: 2 ** 32, end: 2 ** 33 }, 'bytes=4294967296-8589934591'],
  ];
  for (const [what, range, expected] of ROWS) test(what, () => assert.equal(rangeHeader(range), expected));
});

suite('the range of a response', () => {
  const part = (start: number, end: number, sizeBytes: number | undefined): ContentRange => ({ start, end, sizeBytes });
  const ROWS: [what: string, value: string | undefined, expected: ContentRange | undefined][] = [
    ['the example of the standard', 'bytes 42-1233/1234', part(42, 1234, 1234)],
    ['an unknown total', 'bytes 42-1233/*', part(42, 1234, undefined)],
    ['one byte of one', 'bytes 0-0/1', part(0, 1, 1)],
    ['units in capitals', 'Bytes 0-1/5', part(0, 2, 5)],
    ['no unit', '0-1/5', part(0, 2, 5)],
    ['the sign of a request', 'bytes=0-1/5', part(0, 2, 5)],
    ['a colon', 'bytes: 0-1/5', part(0, 2, 5)],
    ['spaces anywhere', ' bytes  0 - 1 / 5 ', part(0, 2, 5)],
    ['the end in place of the last byte, at the end', 'bytes 3-5/5', part(3, 5, 5)],
    ['a last byte two behind the end', 'bytes 3-6/5', undefined],
    ['a range that begins at the end', 'bytes 5-5/5', undefined],
    ['a range of an empty file', 'bytes 0-0/0', undefined],
    ['a last byte before the first', 'bytes 4-2/5', undefined],
    ['an unsatisfied range', 'bytes */1234', undefined],
    ['another unit', 'lines 0-1/5', undefined],
    ['no total', 'bytes 0-1', undefined],
    ['no last byte', 'bytes 0-/5', undefined],
    ['a suffix', 'bytes -5/5', undefined],
    ['two ranges', 'bytes 0-1/5, 3-4/5', undefined],
    ['a fraction', 'bytes 0-1.5/5', undefined],
    ['hexadecimal digits', 'bytes 0x0-0x1/5', undefined],
    ['digits of another script', 'bytes ٠-١/٥', undefined],
    ['the last exact number', `bytes 0-${LARGEST - 1}/${LARGEST}`, part(0, LARGEST, LARGEST)],
    ['an end that is no exact number', `bytes 0-${LARGEST}/*`, undefined],
    ['a total that is no exact number', 'bytes 0-1/9999999999999999', undefined],
    ['more digits than any file has', 'bytes 0-1/100000000000000000', undefined],
    ['nothing', '', undefined],
    ['no header', undefined, undefined],
  ];
  for (const [what, value, expected] of ROWS) test(what, () => assert.deepEqual(parseContentRange(value), expected));
});

suite('the length of a response', () => {
  const ROWS: [what: string, value: string | undefined, expected: number | undefined][] = [
    ['the example of the standard', '3495', 3495],
    ['an empty body', '0', 0],
    ['zeros before the number', '007', 7],
    ['the last exact number', String(LARGEST), LARGEST],
    ['the first number that is not exact', '9007199254740992', undefined],
    ['two lengths, joined', '10, 10', undefined],
    ['a sign', '+10', undefined],
    ['a negative length', '-1', undefined],
    ['a fraction', '1.5', undefined],
    ['an exponent', '1e3', undefined],
    ['a unit', '10 bytes', undefined],
    ['a line behind it', '10\n', undefined],
    ['nothing', '', undefined],
    ['no header', undefined, undefined],
  ];
  for (const [what, value, expected] of ROWS) test(what, () => assert.equal(parseContentLength(value), expected));
});
