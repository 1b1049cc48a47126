// PES packets in transport packets (ISO/IEC 13818-1 2.4.3), byte by byte, and the number of packets that closes the continuity counter.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { closeContinuity, pesUnit, writePes, type PesUnit } from '../../../src/media/mpegts/pes.ts';

const PACKET = 188;

interface Shape {
  bytes?: number;
  pts?: number;
  dts?: number;
  pcr?: number;
  isRandomAccess?: boolean;
}

/** A unit whose payload is 1, 2, 3, ... modulo 251. */
function unitOf({ bytes = 1, pts = 0, dts = pts, pcr, isRandomAccess = false }: Shape): PesUnit {
  const payload = {
    bytes,
    write: (out: Buffer, offset: number) => {
      for (let at = 0; at < bytes; at++) out[offset + at] = (at + 1) % 251;
    },
  };
  return pesUnit({ pid: 0x101, streamId: 0xe0, pts, dts, pcr, isRandomAccess, payload });
}

interface Packet {
  head: Buffer;
  /** The adaptation field; empty without one. */
  field: Buffer;
  payload: Buffer;
}

function packetsOf(out: Buffer): Packet[] {
  return Array.from({ length: out.length / PACKET }, (_, index) => {
    const packet = out.subarray(index * PACKET, (index + 1) * PACKET);
    const hasField = ((packet[3] ?? 0) & 0x20) !== 0;
    const end = 4 + (hasField ? 1 + (packet[4] ?? 0) : 0);
    return { head: packet.subarray(0, 4), field: packet.subarray(4, end), payload: packet.subarray(end) };
  });
}

function written(unit: PesUnit, counter = 0): Packet[] {
  const out = Buffer.alloc((unit.packets + 2) * PACKET, 0xaa);
  assert.equal(writePes(out, unit, { start: PACKET, counter }), (unit.packets + 1) * PACKET);
  const outside = Buffer.concat([out.subarray(0, PACKET), out.subarray(-PACKET)]);
  assert.ok(outside.equals(Buffer.alloc(2 * PACKET, 0xaa)), 'bytes outside of the unit were written');
  return packetsOf(out.subarray(PACKET, -PACKET));
}

suite('number of packets', () => {
  // 184 bytes in each; the PES header has 14 with one time and 19 with two; a field with a PCR has 8, with flags alone 2.
  const ROWS: { what: string; shape: Shape; packets: number }[] = [
    { what: 'one full packet', shape: { bytes: 170 }, packets: 1 },
    { what: 'a byte more', shape: { bytes: 171 }, packets: 2 },
    { what: 'two times', shape: { bytes: 165, pts: 9, dts: 0 }, packets: 1 },
    { what: 'two times, a byte more', shape: { bytes: 166, pts: 9, dts: 0 }, packets: 2 },
    { what: 'a clock', shape: { bytes: 162, pcr: 0 }, packets: 1 },
    { what: 'a clock, a byte more', shape: { bytes: 163, pcr: 0 }, packets: 2 },
    { what: 'a random access point', shape: { bytes: 168, isRandomAccess: true }, packets: 1 },
    { what: 'a random access point, a byte more', shape: { bytes: 169, isRandomAccess: true }, packets: 2 },
    { what: 'three full packets', shape: { bytes: 170 + 2 * 184 }, packets: 3 },
  ];
  for (const { what, shape, packets } of ROWS) test(what, () => assert.equal(unitOf(shape).packets, packets));
});

suite('times', () => {
  // Four bits of prefix, then 3, 15 and 15 bits of the time, each with a marker bit.
  const ROWS: { what: string; pts: number; dts?: number; length: string; header: string }[] = [
    { what: 'zero', pts: 0, length: '0009', header: '848005' + '2100010001' },
    { what: 'a second', pts: 90_000, length: '0009', header: '848005' + '210005bf21' },
    { what: 'the last one of 33 bits', pts: 2 ** 33 - 1, length: '0009', header: '848005' + '2fffffffff' },
    { what: 'wraps around', pts: 2 ** 33, length: '0009', header: '848005' + '2100010001' },
    { what: 'before zero', pts: -1, length: '0009', header: '848005' + '2fffffffff' },
    { what: 'decoded earlier', pts: 90_000, dts: 0, length: '000e', header: '84c00a' + '310005bf21' + '1100010001' },
  ];
  for (const { what, pts, dts = pts, length, header } of ROWS)
    test(what, () => {
      const [packet] = written(unitOf({ pts, dts }));
      assert.equal(packet?.payload.toString('hex'), `000001e0${length}${header}01`);
    });
});

suite('length in the header', () => {
  for (const [bytes, length] of [
    [65_535 - 8, 65_535],
    [65_536 - 8, 0],
  ] as const)
    test(`${bytes} bytes of payload`, () =>
      assert.equal(written(unitOf({ bytes }))[0]?.payload.readUInt16BE(4), length));
});

suite('adaptation field', () => {
  const ROWS: { what: string; shape: Shape; field: string }[] = [
    { what: 'none in a full packet', shape: { bytes: 170 }, field: '' },
    { what: 'a single byte of stuffing is the length', shape: { bytes: 169 }, field: '00' },
    { what: 'two bytes: length and flags', shape: { bytes: 168 }, field: '0100' },
    { what: 'stuffing behind the flags', shape: { bytes: 166 }, field: '0300ffff' },
    { what: 'a random access point', shape: { bytes: 168, isRandomAccess: true }, field: '0140' },
    {
      what: 'a clock of 1: 33 bits, then 6 reserved ones and an extension of 9',
      shape: { bytes: 162, pcr: 1 },
      field: '071000000000fe00',
    },
    { what: 'a clock of a second', shape: { bytes: 162, pcr: 90_000 }, field: '07100000afc87e00' },
    { what: 'a clock before zero', shape: { bytes: 162, pcr: -1 }, field: '0710fffffffffe00' },
    { what: 'both', shape: { bytes: 162, pcr: 0, isRandomAccess: true }, field: '0750000000007e00' },
  ];
  for (const { what, shape, field } of ROWS)
    test(what, () => assert.equal(written(unitOf(shape))[0]?.field.toString('hex'), field));
});

test('the packets of a unit are numbered on, and only the first one starts it', () => {
  const packets = written(unitOf({ bytes: 170 + 2 * 184 - 10 }), 14);
  assert.deepEqual(
    packets.map(({ head }) => head.toString('hex')),
    ['4741011e', '4701011f', '47010130'],
  );
});

suite('closed continuity', () => {
  const ROWS: { what: string; bytes: number[]; packets: number[] }[] = [
    { what: 'sixteen packets stay', bytes: [170 + 15 * 184], packets: [16] },
    { what: 'seventeen become thirty-two', bytes: [170 + 16 * 184], packets: [32] },
    { what: 'the last units are spread first', bytes: [1000, 1000], packets: [6, 10] },
    { what: 'as far as their bytes reach with a whole header in the first packet', bytes: [1000, 3], packets: [12, 4] },
    { what: 'a header is split where nothing else is left', bytes: [5], packets: [16] },
    { what: 'too few bytes for sixteen packets: one in each', bytes: [1], packets: [15] },
    { what: 'no units', bytes: [], packets: [] },
  ];
  for (const { what, bytes, packets } of ROWS)
    test(what, () => {
      const units = bytes.map((each) => unitOf({ bytes: each }));
      closeContinuity(units);
      assert.deepEqual(
        units.map((unit) => unit.packets),
        packets,
      );
      for (const unit of units) {
        const found = written(unit);
        assert.ok(found.every(({ payload }) => payload.length > 0));
        const content = Buffer.concat(found.map(({ payload }) => payload)).subarray(14);
        assert.deepEqual(
          [...content],
          Array.from({ length: unit.payload.bytes }, (_, at) => (at + 1) % 251),
        );
      }
    });
});
