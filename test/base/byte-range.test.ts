// The Range header of RFC 9110 section 14: what is a single byte range, and which bytes it selects.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRange, resolveRange, type ByteRange, type RangeSpec } from '../../src/base/byte-range.ts';

const PARSED: [header: string | undefined, spec: RangeSpec | undefined][] = [
  ['bytes=0-', { start: 0, end: undefined }],
  ['bytes=0-0', { start: 0, end: 1 }],
  ['bytes=100-199', { start: 100, end: 200 }],
  ['bytes=007-008', { start: 7, end: 9 }],
  ['bytes=-500', { suffixBytes: 500 }],
  ['bytes=-0', { suffixBytes: 0 }],
  // Range units are case-insensitive; a list may have white space around its elements.
  ['Bytes=1-2', { start: 1, end: 3 }],
  ['bytes= 1-2\t', { start: 1, end: 3 }],
  [`bytes=${'9'.repeat(400)}-`, { start: Number.MAX_SAFE_INTEGER - 1, end: undefined }],
  [`bytes=0-${'9'.repeat(20)}`, { start: 0, end: Number.MAX_SAFE_INTEGER }],
  [undefined, undefined],
  ['', undefined],
  ['bytes', undefined],
  ['bytes=', undefined],
  ['bytes=-', undefined],
  ['bytes=9-5', undefined],
  ['bytes=0-1,5-6', undefined],
  ['bytes=0-1,', undefined],
  ['bytes=1 - 2', undefined],
  ['bytes =1-2', undefined],
  ['bytes=+1-2', undefined],
  ['bytes=-1-2', undefined],
  ['bytes=1.5-2', undefined],
  ['bytes=0x1-2', undefined],
  ['bytes=a-b', undefined],
  ['bytes=1-2\n', undefined],
  ['lines=1-2', undefined],
  ['bytes=١-٢', undefined],
];

test('a single byte range is parsed, everything else ignored', () => {
  for (const [header, spec] of PARSED) assert.deepEqual(parseRange(header), spec, String(header).slice(0, 40));
});

const RESOLVED: [header: string, sizeBytes: number, range: ByteRange | undefined][] = [
  ['bytes=0-', 10, { start: 0, end: 10 }],
  ['bytes=0-0', 10, { start: 0, end: 1 }],
  ['bytes=9-', 10, { start: 9, end: 10 }],
  ['bytes=9-99', 10, { start: 9, end: 10 }],
  ['bytes=10-', 10, undefined],
  ['bytes=10-20', 10, undefined],
  ['bytes=-1', 10, { start: 9, end: 10 }],
  ['bytes=-10', 10, { start: 0, end: 10 }],
  ['bytes=-99', 10, { start: 0, end: 10 }],
  ['bytes=-0', 10, undefined],
  ['bytes=0-', 0, undefined],
  ['bytes=-5', 0, undefined],
];

test('a range selects the bytes that are there, or is unsatisfiable', () => {
  for (const [header, sizeBytes, range] of RESOLVED) {
    const spec = parseRange(header);
    assert.ok(spec !== undefined, header);
    assert.deepEqual(resolveRange(spec, sizeBytes), range, `${header} of ${sizeBytes}`);
  }
});
