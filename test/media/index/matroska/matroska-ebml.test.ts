// Elements from bytes written by hand (RFC 8794 sections 4 to 7).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  childrenOf,
  childSpans,
  floatValue,
  identityOf,
  parseElementHeader,
  parseElements,
  parseVariableInteger,
  textValue,
  unsignedChild,
  unsignedChildOr,
  unsignedValue,
} from '../../../../src/media/index/matroska/matroska-ebml.ts';
import { viewOf } from '../view-of.ts';

function hex(digits: string): DataView {
  return viewOf(Buffer.from(digits.replaceAll(' ', ''), 'hex'));
}

suite('headers', () => {
  const ROWS: { what: string; bytes: string; expected: [id: number, header: number, data: number | undefined] }[] = [
    { what: 'an id and a size of one byte', bytes: 'a3 81', expected: [0xa3, 2, 1] },
    { what: 'an id of two bytes', bytes: '4282 88', expected: [0x4282, 3, 8] },
    { what: 'an id of three bytes', bytes: '2ad7b1 83', expected: [0x2ad7b1, 4, 3] },
    { what: 'an id of four bytes', bytes: '1a45dfa3 a3', expected: [0x1a45dfa3, 5, 0x23] },
    { what: 'the largest size of one byte', bytes: 'ec fe', expected: [0xec, 2, 126] },
    { what: 'a size in more bytes than it needs', bytes: 'ec 4002', expected: [0xec, 3, 2] },
    { what: 'a size beyond 32 bits', bytes: 'ec 0100000100000000', expected: [0xec, 9, 2 ** 32] },
    { what: 'no data', bytes: 'ec 80', expected: [0xec, 2, 0] },
    { what: 'unknown size in one byte', bytes: '1f43b675 ff', expected: [0x1f43b675, 5, undefined] },
    { what: 'unknown size in two bytes', bytes: '1f43b675 7fff', expected: [0x1f43b675, 6, undefined] },
    { what: 'unknown size in eight bytes', bytes: '18538067 01ffffffffffffff', expected: [0x18538067, 12, undefined] },
    { what: 'ones behind other bits are no unknown size', bytes: 'ec 40ff', expected: [0xec, 3, 255] },
  ];
  for (const { what, bytes, expected } of ROWS)
    test(what, () => {
      const [id, headerBytes, dataBytes] = expected;
      assert.deepEqual(parseElementHeader(hex(bytes)), { id, headerBytes, dataBytes });
      assert.deepEqual(parseElementHeader(hex(`0000 ${bytes}`), 2), { id, headerBytes, dataBytes });
    });

  const BAD: { what: string; bytes: string }[] = [
    { what: 'nothing', bytes: '' },
    { what: 'an id that is cut off', bytes: '1a45df' },
    { what: 'an id without a size', bytes: '4282' },
    { what: 'a size that is cut off', bytes: 'ec 40' },
    { what: 'an id of five bytes', bytes: '0800000001 81' },
    { what: 'zeros', bytes: '0000000000000000 81' },
    { what: 'a size of nine bytes', bytes: 'ec 00ffffffffffffffff' },
  ];
  for (const { what, bytes } of BAD) test(what, () => assert.equal(parseElementHeader(hex(bytes)), undefined));
});

suite('variable-size integers', () => {
  const ROWS: { what: string; bytes: string; expected: [value: number, length: number] | undefined }[] = [
    { what: 'zero', bytes: '80', expected: [0, 1] },
    { what: 'one in two bytes', bytes: '4001', expected: [1, 2] },
    { what: 'all ones are a value', bytes: '3fffff', expected: [2 ** 21 - 1, 3] },
    { what: 'five bytes', bytes: '0a00000001', expected: [2 ** 33 + 1, 5] },
    { what: 'eight bytes', bytes: '0100000000000102', expected: [258, 8] },
    { what: 'no marker in the first byte', bytes: '00ffffffffffffffff', expected: undefined },
    { what: 'bytes that are missing', bytes: '2001', expected: undefined },
    { what: 'nothing', bytes: '', expected: undefined },
  ];
  for (const { what, bytes, expected } of ROWS)
    test(what, () => {
      const found = parseVariableInteger(hex(bytes), 0);
      assert.deepEqual(found && [found.value, found.lengthBytes], expected);
    });
});

suite('children', () => {
  const ROWS: { what: string; bytes: string; expected: [id: number, data: string][]; isWhole: boolean }[] = [
    {
      what: 'one behind the other',
      bytes: 'd7 81 05  86 82 4142',
      expected: [
        [0xd7, '05'],
        [0x86, '4142'],
      ],
      isWhole: true,
    },
    { what: 'none', bytes: '', expected: [], isWhole: true },
    { what: 'an empty one', bytes: 'ec 80', expected: [[0xec, '']], isWhole: true },
    {
      what: 'one byte longer than its parent',
      bytes: 'd7 81 05  86 83 4142',
      expected: [[0xd7, '05']],
      isWhole: false,
    },
    { what: 'a header that is cut off', bytes: 'd7 81 05  42', expected: [[0xd7, '05']], isWhole: false },
    { what: 'zeros behind the last one', bytes: 'd7 81 05  00', expected: [[0xd7, '05']], isWhole: false },
    { what: 'one of unknown size', bytes: 'd7 81 05  a0 ff  d7 81 06', expected: [[0xd7, '05']], isWhole: false },
  ];
  for (const { what, bytes, expected, isWhole } of ROWS)
    test(what, () => {
      const found = parseElements(hex(bytes));
      const elements = found.elements.map(({ id, data: { buffer, byteOffset, byteLength } }) => [
        id,
        Buffer.from(buffer, byteOffset, byteLength).toString('hex'),
      ]);
      assert.deepEqual([elements, found.isWhole], [expected, isWhole]);
    });

  test('none reaches beyond the span of its parent', () =>
    assert.deepEqual(
      [...childSpans(hex('ec 80  d7 81 05  d7 81 06'), { start: 2, end: 7 })],
      [{ id: 0xd7, start: 4, end: 5 }],
    ));
  test('all with one id', () => {
    const found = childrenOf(hex('d7 81 05  d8 81 06  d7 81 07'), 0xd7);
    assert.deepEqual(found.map(unsignedValue), [5, 7]);
    assert.deepEqual(childrenOf(undefined, 0xd7), []);
  });
});

suite('unsigned integers', () => {
  const ROWS: { what: string; bytes: string; expected: number | undefined }[] = [
    { what: 'one byte', bytes: 'ff', expected: 255 },
    { what: 'big-endian', bytes: '0102', expected: 258 },
    { what: 'no byte is zero', bytes: '', expected: 0 },
    { what: 'the largest exact one', bytes: '001fffffffffffff', expected: 2 ** 53 - 1 },
    { what: 'beyond it', bytes: '0020000000000000', expected: undefined },
    { what: 'nine bytes', bytes: '000000000000000001', expected: undefined },
  ];
  for (const { what, bytes, expected } of ROWS) test(what, () => assert.equal(unsignedValue(hex(bytes)), expected));

  const CHILDREN: { what: string; bytes: string; expected: [plain: number | undefined, or7: number] }[] = [
    { what: 'a child', bytes: '88 81 00', expected: [0, 0] },
    { what: 'the first of two', bytes: '88 81 02  88 81 03', expected: [2, 2] },
    { what: 'no child has the default value', bytes: 'd7 81 01', expected: [undefined, 7] },
    { what: 'an empty child has the default value', bytes: '88 80', expected: [0, 7] },
    { what: 'a child of nine bytes has it too', bytes: '88 89 000000000000000001', expected: [undefined, 7] },
  ];
  for (const { what, bytes, expected } of CHILDREN)
    test(what, () =>
      assert.deepEqual([unsignedChild(hex(bytes), 0x88), unsignedChildOr(hex(bytes), 0x88, 7)], expected),
    );
});

suite('other values', () => {
  const ROWS: { what: string; read: (view: DataView) => unknown; bytes: string; expected: unknown }[] = [
    { what: 'a float of four bytes', read: floatValue, bytes: '3fc00000', expected: 1.5 },
    { what: 'a float of eight bytes', read: floatValue, bytes: 'c000000000000000', expected: -2 },
    { what: 'a float that is no number', read: floatValue, bytes: '7fc00000', expected: undefined },
    { what: 'an infinite float', read: floatValue, bytes: '7ff0000000000000', expected: undefined },
    { what: 'a float of ten bytes', read: floatValue, bytes: '3fff8000000000000000', expected: undefined },
    { what: 'an empty float', read: floatValue, bytes: '', expected: undefined },
    { what: 'an identity of 64 bits', read: identityOf, bytes: 'fffffffffffffffe', expected: 'fffffffffffffffe' },
    { what: 'an identity in more bytes than it needs', read: identityOf, bytes: '00000a0b', expected: 'a0b' },
    { what: 'an identity of zero', read: identityOf, bytes: '0000', expected: undefined },
    { what: 'an identity of nine bytes', read: identityOf, bytes: '010203040506070809', expected: undefined },
    { what: 'text', read: textValue, bytes: '656e67', expected: 'eng' },
    { what: 'text in UTF-8', read: textValue, bytes: 'c3a4', expected: 'ä' },
    { what: 'text in no encoding', read: textValue, bytes: '41ff', expected: 'A\ufffd' },
    { what: 'text ends at the first zero', read: textValue, bytes: '6100620000', expected: 'a' },
    { what: 'empty text', read: textValue, bytes: '', expected: '' },
  ];
  for (const { what, read, bytes, expected } of ROWS) test(what, () => assert.equal(read(hex(bytes)), expected));

  test('an element that is absent has no value', () => {
    for (const read of [unsignedValue, floatValue, identityOf, textValue]) assert.equal(read(undefined), undefined);
  });
});
