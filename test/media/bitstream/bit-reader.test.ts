// Bits and Exp-Golomb codes (ISO/IEC 14496-10 9.1, tables 9-2 and 9-3), each followed by a set bit that must be the next one to be read.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BitReader } from '../../../src/media/bitstream/bit-reader.ts';

/** A reader of the bits, written as ones and zeros; the last byte is filled with zeros. */
function readerOf(bits: string): BitReader {
  const bytes = bits.replaceAll(' ', '').match(/.{1,8}/gu) ?? [];
  return new BitReader(Uint8Array.from(bytes, (byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
}

const NOT_MEDIA = { code: 'NOT_MEDIA' };

suite('u(n)', () => {
  const ROWS: { bits: string; count: number; value: number }[] = [
    { bits: '', count: 0, value: 0 },
    { bits: '101', count: 3, value: 5 },
    { bits: '00000000 1', count: 9, value: 1 },
    { bits: '1'.repeat(32), count: 32, value: 2 ** 32 - 1 },
    { bits: `1${'0'.repeat(31)}`, count: 32, value: 2 ** 31 },
  ];
  for (const { bits, count, value } of ROWS)
    test(`${count} bits are ${value}`, () => {
      const reader = readerOf(`${bits}1`);
      assert.equal(reader.bits(count), value);
      assert.equal(reader.flag(), true);
    });

  test('32 bits that begin within a byte', () => {
    const reader = readerOf(`0110 ${'1'.repeat(31)}0 1`);
    reader.skip(4);
    assert.equal(reader.bits(32), 2 ** 32 - 2);
    assert.equal(reader.flag(), true);
  });
});

suite('ue(v) and se(v)', () => {
  const ROWS: { bits: string; unsigned: number; signed: number }[] = [
    { bits: '1', unsigned: 0, signed: 0 },
    { bits: '010', unsigned: 1, signed: 1 },
    { bits: '011', unsigned: 2, signed: -1 },
    { bits: '00100', unsigned: 3, signed: 2 },
    { bits: '00101', unsigned: 4, signed: -2 },
    { bits: '00110', unsigned: 5, signed: 3 },
    { bits: '00111', unsigned: 6, signed: -3 },
    { bits: '0001000', unsigned: 7, signed: 4 },
    { bits: '000011111', unsigned: 30, signed: -15 },
    { bits: `${'0'.repeat(31)}1${'0'.repeat(31)}`, unsigned: 2 ** 31 - 1, signed: 2 ** 30 },
    { bits: `${'0'.repeat(31)}1${'1'.repeat(31)}`, unsigned: 2 ** 32 - 2, signed: -(2 ** 31 - 1) },
  ];
  for (const { bits, unsigned, signed } of ROWS)
    test(`${bits.length > 9 ? `${bits.length} bits` : bits} is ${unsigned}`, () => {
      const [one, other] = [readerOf(`${bits}1`), readerOf(`${bits}1`)];
      assert.equal(one.unsigned(), unsigned);
      assert.equal(other.signed(), signed);
      assert.deepEqual([one.flag(), other.flag()], [true, true]);
    });
});

suite('errors', () => {
  const ROWS: { what: string; read: () => unknown }[] = [
    { what: 'no bytes', read: () => readerOf('').flag() },
    { what: 'more bits than there are', read: () => readerOf('11111111').bits(9) },
    { what: 'a skip past the end', read: () => readerOf('11111111').skip(9) },
    { what: 'a code that ends in its zeros', read: () => readerOf('00000000').unsigned() },
    { what: 'a code that ends behind its zeros', read: () => readerOf('00000001').unsigned() },
    {
      what: 'a number of more than 32 bits',
      read: () => readerOf(`${'0'.repeat(32)}1${'0'.repeat(32)}`).unsigned(),
    },
    { what: 'a number above its limit', read: () => readerOf('00110').unsignedUpTo(4) },
  ];
  for (const { what, read } of ROWS) test(what, () => assert.throws(read, NOT_MEDIA));

  test('the limit itself is possible', () => assert.equal(readerOf('00101').unsignedUpTo(4), 4));

  test('a read that fails takes nothing', () => {
    const reader = readerOf('10000001');
    assert.throws(() => reader.bits(9), NOT_MEDIA);
    assert.deepEqual([reader.bitsLeft, reader.bits(8)], [8, 0x81]);
  });
});
