// Output order by slice headers that are written by hand (ISO/IEC 14496-10 7.3.3, ISO/IEC 23008-2 7.3.6.1).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { isReordered } from '../../../src/media/bitstream/picture-order.ts';

/** ue(v) */
function ue(value: number): string {
  const code = (value + 1).toString(2);
  return code.padStart(2 * code.length - 1, '0');
}

function u(bits: number, value: number): string {
  return value.toString(2).padStart(bits, '0');
}

/** A unit with that header; after its fields come a stop bit and three bytes of slice data. */
function unit(header: number[], ...fields: string[]): Uint8Array {
  const bytes = `${fields.join('')}1`.match(/.{1,8}/gu) ?? [];
  return Uint8Array.from([
    ...header,
    ...bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)),
    0xaa,
    0xaa,
    0xaa,
  ]);
}

interface H264Shape {
  orderType?: number;
  mayHaveFields?: boolean;
}

/** 4 bits of frame number, and of picture order with type 0. Baseline profile, 64x64. */
function h264Sps({ orderType = 0, mayHaveFields = false }: H264Shape): Uint8Array {
  const order = ue(orderType) + (orderType === 0 ? ue(0) : '');
  const size = ue(3) + ue(mayHaveFields ? 1 : 3) + (mayHaveFields ? '00' : '1');
  return unit([0x67, 66, 0, 30], ue(0), ue(0), order, ue(1), '0', size, '1', '0', '0');
}

/** `field`: field_pic_flag and bottom_field_flag. */
function h264Picture(order: number, { isIdr = false, field = '' } = {}): Uint8Array[] {
  const idrId = isIdr ? ue(0) : '';
  const slice = unit([isIdr ? 0x65 : 0x41], ue(0), ue(7), ue(0), u(4, 0), field, idrId, u(4, order % 16));
  return [Uint8Array.of(0x06, 0x05), slice];
}

const I = h264Picture(0, { isIdr: true });
const p = (order: number) => h264Picture(order);

suite('H.264', () => {
  const ROWS: { what: string; pictures: Uint8Array[][]; sps?: H264Shape; expected: boolean }[] = [
    { what: 'in order', pictures: [I, p(2), p(4), p(6)], expected: false },
    { what: 'a B picture behind its successor', pictures: [I, p(4), p(2), p(8)], expected: true },
    { what: 'the count wraps around', pictures: [I, p(6), p(12), p(18), p(24)], expected: false },
    { what: 'a B picture across the wrap', pictures: [I, p(6), p(12), p(18), p(14)], expected: true },
    { what: 'an IDR picture counts anew', pictures: [I, p(2), p(4), I, p(2)], expected: false },
    { what: 'a B picture behind the second IDR picture', pictures: [I, p(2), I, p(4), p(2)], expected: true },
    { what: 'one picture', pictures: [p(6)], expected: false },
    { what: 'none', pictures: [], expected: false },
    {
      what: 'order type 2, whose output order is decode order',
      pictures: [I, p(4), p(2)],
      sps: { orderType: 2 },
      expected: false,
    },
    {
      what: 'a picture without a slice is left out',
      pictures: [I, [Uint8Array.of(0x09, 0x10)], p(4), p(2)],
      expected: true,
    },
    {
      what: 'a picture that is cut off is left out',
      pictures: [I, p(2), [Uint8Array.of(0x41)], p(4)],
      expected: false,
    },
    {
      what: 'frames where fields are possible',
      pictures: [
        h264Picture(0, { isIdr: true, field: '0' }),
        h264Picture(4, { field: '0' }),
        h264Picture(2, { field: '0' }),
      ],
      sps: { mayHaveFields: true },
      expected: true,
    },
    {
      what: 'fields, top and bottom',
      pictures: [
        h264Picture(0, { isIdr: true, field: '10' }),
        h264Picture(1, { field: '11' }),
        h264Picture(2, { field: '10' }),
        h264Picture(3, { field: '11' }),
      ],
      sps: { mayHaveFields: true },
      expected: false,
    },
  ];
  for (const { what, pictures, sps = {}, expected } of ROWS)
    test(what, () => assert.equal(isReordered('h264', { vps: [], sps: [h264Sps(sps)], pps: [] }, pictures), expected));

  for (const [what, sps] of [
    ['no parameter set', []],
    ['a parameter set that is cut off', [h264Sps({}).subarray(0, 4)]],
  ] as const)
    test(`${what}: unknown counts as in order`, () =>
      assert.equal(isReordered('h264', { vps: [], sps: [...sps], pps: [] }, [I, p(4), p(2)]), false));
});

/** 4 bits of picture order, 64x64; `profile`: profile_tier_level of Main at level 3. */
function hevcSps(): Uint8Array {
  const profile = u(8, 0x01) + u(32, 0x60000000) + '0'.repeat(48) + u(8, 90);
  return unit(
    [0x42, 0x01],
    u(4, 0),
    u(3, 0),
    '1',
    profile,
    ue(0),
    ue(1),
    ue(64),
    ue(64),
    '0',
    ue(0),
    ue(0),
    ue(0),
    '1',
    ue(4),
    ue(2),
    ue(0),
  );
}

interface HevcShape {
  /** output_flag_present_flag */
  hasOutputFlag?: boolean;
  /** num_extra_slice_header_bits */
  extraBits?: number;
}

function hevcPps({ hasOutputFlag = false, extraBits = 0 }: HevcShape): Uint8Array {
  return unit([0x44, 0x01], ue(0), ue(0), '0', hasOutputFlag ? '1' : '0', u(3, extraBits), '0000');
}

const [TRAIL, IDR, CRA] = [1, 19, 21];

function hevcPicture(
  type: number,
  order: number,
  { hasOutputFlag = false, extraBits = 0 }: HevcShape = {},
): Uint8Array[] {
  const priorPictures = type >= 16 ? '0' : '';
  const fields = [ue(0), '1'.repeat(extraBits), ue(1), hasOutputFlag ? '1' : '', type === IDR ? '' : u(4, order % 16)];
  return [unit([type << 1, 0x01], '1', priorPictures, ...fields)];
}

suite('HEVC', () => {
  const picture = (order: number, shape?: HevcShape) => hevcPicture(TRAIL, order, shape);
  const first = hevcPicture(IDR, 0);
  const shape = { hasOutputFlag: true, extraBits: 2 };
  const ROWS: { what: string; pictures: Uint8Array[][]; pps?: HevcShape; expected: boolean }[] = [
    { what: 'in order', pictures: [first, picture(1), picture(2)], expected: false },
    { what: 'a B picture behind its successor', pictures: [first, picture(2), picture(1)], expected: true },
    {
      what: 'the count wraps around',
      pictures: [first, picture(5), picture(10), picture(15), picture(20)],
      expected: false,
    },
    {
      what: 'leading pictures of an open group',
      pictures: [first, picture(1), hevcPicture(CRA, 4), picture(3)],
      expected: true,
    },
    { what: 'an IDR picture counts anew', pictures: [first, picture(5), first, picture(1)], expected: false },
    {
      what: 'fields that the picture parameter set adds, in order',
      pictures: [first, picture(1, shape), picture(2, shape)],
      pps: shape,
      expected: false,
    },
    {
      what: 'fields that the picture parameter set adds',
      pictures: [first, picture(2, shape), picture(1, shape)],
      pps: shape,
      expected: true,
    },
  ];
  for (const { what, pictures, pps = {}, expected } of ROWS)
    test(what, () => {
      const sets = { vps: [], sps: [hevcSps()], pps: [hevcPps(pps)] };
      assert.equal(isReordered('hevc', sets, pictures), expected);
    });

  test('no picture parameter set: unknown counts as in order', () =>
    assert.equal(isReordered('hevc', { vps: [], sps: [hevcSps()], pps: [] }, [first, picture(2), picture(1)]), false));
});
