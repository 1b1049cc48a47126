// Blocks of subtitle tracks from bytes written by hand (RFC 9559 sections 5.1.3.5 and 10).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ID } from '../../../src/media/index/matroska/matroska-ids.ts';
import { isBlock, parseSubtitleBlock, trackOfBlock } from '../../../src/media/subtitles/matroska-block.ts';
import { element, header, number } from '../index/matroska-synthetic.ts';
import { viewOf } from '../index/view-of.ts';

/** Track 3, 258 ticks after the cluster, no flags, the text "hi". */
const PLAIN = '83 0102 00 6869';

function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex');
}

function block(digits: string): Buffer {
  return element(ID.block, hex(digits));
}

function added(text: string): Buffer {
  return element(ID.blockAdditions, element(ID.blockMore, element(ID.blockAdditional, Buffer.from(text))));
}

suite('simple blocks', () => {
  const ROWS: { what: string; data: string; expected: [time: number, payload: string] | undefined }[] = [
    { what: 'plain', data: PLAIN, expected: [258, 'hi'] },
    { what: 'a time before the cluster', data: '83 ffff 00 6869', expected: [-1, 'hi'] },
    { what: 'a track number of two bytes', data: '4080 0001 00 6869', expected: [1, 'hi'] },
    { what: 'flags for keyframe, invisible and discardable', data: '83 0000 89 6869', expected: [0, 'hi'] },
    { what: 'no text', data: '83 0000 00', expected: [0, ''] },
    { what: 'Xiph lacing', data: '83 0000 02 6869', expected: undefined },
    { what: 'lacing of equal sizes', data: '83 0000 04 6869', expected: undefined },
    { what: 'EBML lacing', data: '83 0000 06 6869', expected: undefined },
    { what: 'no flags', data: '83 0000', expected: undefined },
    { what: 'a track number that is cut off', data: '40', expected: undefined },
    { what: 'a track number of nine bytes', data: '00 000000000000000001 0000 00', expected: undefined },
    { what: 'nothing', data: '', expected: undefined },
  ];
  for (const { what, data, expected } of ROWS)
    test(what, () => {
      const found = parseSubtitleBlock(ID.simpleBlock, viewOf(hex(data)));
      assert.deepEqual(found && [found.relativeTime, Buffer.from(found.payload).toString()], expected);
      assert.deepEqual([found?.duration, found?.addition], [undefined, undefined]);
    });
});

suite('block groups', () => {
  type Found = [time: number, duration: number | undefined, payload: string, addition: string | undefined];
  const ROWS: { what: string; data: Buffer[]; expected: Found | undefined }[] = [
    { what: 'a block alone', data: [block(PLAIN)], expected: [258, undefined, 'hi', undefined] },
    {
      what: 'a duration',
      data: [block(PLAIN), number(ID.blockDuration, 1500)],
      expected: [258, 1500, 'hi', undefined],
    },
    {
      what: 'a duration before the block',
      data: [number(ID.blockDuration, 1500), block(PLAIN)],
      expected: [258, 1500, 'hi', undefined],
    },
    {
      what: 'a duration of zero',
      data: [block(PLAIN), number(ID.blockDuration, 0)],
      expected: [258, 0, 'hi', undefined],
    },
    {
      what: 'settings of WebVTT in an addition',
      data: [block(PLAIN), added('line:0')],
      expected: [258, undefined, 'hi', 'line:0'],
    },
    {
      what: 'an addition without bytes',
      data: [block(PLAIN), element(ID.blockAdditions, element(ID.blockMore))],
      expected: [258, undefined, 'hi', undefined],
    },
    {
      what: 'of two blocks the first',
      data: [block(PLAIN), block('83 0000 00 41')],
      expected: [258, undefined, 'hi', undefined],
    },
    {
      what: 'a duration that is cut off',
      data: [block(PLAIN), number(ID.blockDuration, 1500).subarray(0, -1)],
      expected: [258, undefined, 'hi', undefined],
    },
    { what: 'a block that is cut off', data: [block(PLAIN).subarray(0, -1)], expected: undefined },
    { what: 'a block with lacing', data: [block('83 0000 06 6869')], expected: undefined },
    { what: 'no block', data: [number(ID.blockDuration, 1500)], expected: undefined },
    { what: 'nothing', data: [], expected: undefined },
  ];
  for (const { what, data, expected } of ROWS)
    test(what, () => {
      const found = parseSubtitleBlock(ID.blockGroup, viewOf(...data));
      assert.deepEqual(
        found && [
          found.relativeTime,
          found.duration,
          Buffer.from(found.payload).toString(),
          found.addition && Buffer.from(found.addition).toString(),
        ],
        expected,
      );
    });
});

suite('the track of a block, from its first bytes', () => {
  const long = block(`${PLAIN} ${'41'.repeat(99)}`);
  const ROWS: { what: string; id: number; data: Buffer[]; expected: number | undefined }[] = [
    { what: 'a simple block', id: ID.simpleBlock, data: [hex('83')], expected: 3 },
    { what: 'two bytes', id: ID.simpleBlock, data: [hex('4080')], expected: 128 },
    { what: 'two bytes, the second one missing', id: ID.simpleBlock, data: [hex('40')], expected: undefined },
    { what: 'a simple block without bytes', id: ID.simpleBlock, data: [], expected: undefined },
    { what: 'a group whose block is cut off', id: ID.blockGroup, data: [long.subarray(0, 20)], expected: 3 },
    {
      what: 'a group whose block comes second',
      id: ID.blockGroup,
      data: [number(ID.blockDuration, 5), long.subarray(0, 20)],
      expected: 3,
    },
    {
      what: 'a group that is cut off before the number',
      id: ID.blockGroup,
      data: [long.subarray(0, 9)],
      expected: undefined,
    },
    {
      what: 'a group whose block lies further',
      id: ID.blockGroup,
      data: [header(ID.blockAdditions, 99n)],
      expected: undefined,
    },
    {
      what: 'a group with an element of unknown size',
      id: ID.blockGroup,
      data: [header(ID.blockAdditions, undefined), long],
      expected: undefined,
    },
    { what: 'a group without a block', id: ID.blockGroup, data: [number(ID.blockDuration, 5)], expected: undefined },
  ];
  for (const { what, id, data, expected } of ROWS)
    test(what, () => assert.equal(trackOfBlock(id, viewOf(...data)), expected));

  test('simple blocks and groups are blocks, a block inside of a group is none of its own', () =>
    assert.deepEqual([ID.simpleBlock, ID.blockGroup, ID.block, ID.timestamp].map(isBlock), [true, true, false, false]));
});
