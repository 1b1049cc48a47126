// Programmes of transport streams whose packets are written by hand (ISO/IEC 13818-1 2.4.3 and 2.4.4).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { readTransportStreamIndex, SNIFFED_BYTES } from '../../../src/media/index/transport-stream-programs.ts';

/** Two bytes: marker bits above `number`. */
function marked(markers: number, number: number): number[] {
  return [markers | (number >> 8), number & 0xff];
}

/** A section with `body` after its length, and a checksum that nobody reads. */
function section(table: number, body: number[]): number[] {
  return [table, ...marked(0xb0, body.length + 4), ...body, 0, 0, 0, 0];
}

/** Programme number to packet id of its map. */
function association(maps: [program: number, pid: number][]): number[] {
  return section(0, [
    ...marked(0, 1),
    0xc1,
    0,
    0,
    ...maps.flatMap(([program, pid]) => [...marked(0, program), ...marked(0xe0, pid)]),
  ]);
}

/** `descriptorBytes`: how much description each stream carries. */
function map(program: number, pids: number[], descriptorBytes: number = 0): number[] {
  const streams = pids.flatMap((pid) => [
    0x1b,
    ...marked(0xe0, pid),
    ...marked(0xf0, descriptorBytes),
    ...Array.from({ length: descriptorBytes }, () => 0xaa),
  ]);
  return section(2, [...marked(0, program), 0xc1, 0, 0, ...marked(0xe0, pids[0] ?? 0), ...marked(0xf0, 0), ...streams]);
}

const STUFFING = 0xff;

function packet(pid: number, payload: number[], isUnitStart: boolean): number[] {
  const bytes = [0x47, ...marked(isUnitStart ? 0x40 : 0, pid), 0x10, ...payload];
  return [...bytes, ...Array.from({ length: 188 - bytes.length }, () => STUFFING)];
}

/** One packet, or as many as the section needs. */
function packets(pid: number, bytes: number[]): number[][] {
  const cut = [packet(pid, [0, ...bytes.slice(0, 183)], true)];
  for (let at = 183; at < bytes.length; at += 184) cut.push(packet(pid, bytes.slice(at, at + 184), false));
  return cut;
}

const FILLER = Array.from({ length: 8 }, () => packet(0x1fff, [], false));

/** Packet ids of each programme; undefined when the bytes are no transport stream. */
async function programmesOf(bytes: Uint8Array): Promise<number[][] | undefined> {
  const reader = {
    sizeBytes: bytes.length,
    isSeekable: true,
    read: ({ end }: { end: number }) => Promise.resolve(bytes.subarray(0, end)),
  };
  const index = await readTransportStreamIndex(reader, bytes.subarray(0, SNIFFED_BYTES));
  return index?.programmes?.map((pids) => [...pids]);
}

const FIRST = packets(0x100, map(1, [0x101, 0x102]));
const SECOND = packets(0x200, map(2, [0x201]));
const BOTH = packets(
  0,
  association([
    [1, 0x100],
    [2, 0x200],
  ]),
);

suite('programmes', () => {
  const ROWS: { what: string; packets: number[][]; expected: number[][] }[] = [
    { what: 'one', packets: [...packets(0, association([[1, 0x100]])), ...FIRST], expected: [[0x101, 0x102]] },
    { what: 'two', packets: [...BOTH, ...FIRST, ...SECOND], expected: [[0x101, 0x102], [0x201]] },
    {
      what: 'the network information table is none',
      packets: [
        ...packets(
          0,
          association([
            [0, 0x10],
            [1, 0x100],
          ]),
        ),
        ...packets(0x10, map(7, [0x300])),
        ...FIRST,
      ],
      expected: [[0x101, 0x102]],
    },
    {
      what: 'a map over three packets',
      packets: [...packets(0, association([[1, 0x100]])), ...packets(0x100, map(1, [0x101, 0x102, 0x103], 120))],
      expected: [[0x101, 0x102, 0x103]],
    },
    {
      what: 'packets of others inside a map',
      packets: [
        ...packets(0, association([[1, 0x100]])),
        ...packets(0x100, map(1, [0x101, 0x102], 120)).flatMap((each) => [each, packet(0x1fff, [], false)]),
      ],
      expected: [[0x101, 0x102]],
    },
    {
      what: 'a second version of a map changes nothing',
      packets: [...BOTH, ...FIRST, ...packets(0x100, map(1, [0x109])), ...SECOND],
      expected: [[0x101, 0x102], [0x201]],
    },
    {
      what: 'a map that no programme has',
      packets: [...packets(0, association([[1, 0x100]])), ...SECOND],
      expected: [],
    },
    { what: 'no table at all', packets: [], expected: [] },
  ];
  for (const row of ROWS)
    test(row.what, async () => {
      const bytes = Uint8Array.from([...row.packets, ...FILLER].flat());
      assert.deepEqual(await programmesOf(bytes), row.expected);
    });
});

suite('layouts of packets', () => {
  const stream = [...packets(0, association([[1, 0x100]])), ...FIRST, ...FILLER];
  const ROWS: [what: string, bytes: number[]][] = [
    ['bytes before the first packet', [1, 2, 3, ...stream.flat()]],
    ['a time code before each packet', stream.flatMap((each) => [9, 9, 9, 9, ...each])],
    ['error correction after each packet', stream.flatMap((each) => [...each, ...Array.from({ length: 16 }, () => 9)])],
  ];
  for (const [what, bytes] of ROWS)
    test(what, async () => assert.deepEqual(await programmesOf(Uint8Array.from(bytes)), [[0x101, 0x102]]));

  test('other bytes are no transport stream', async () =>
    assert.equal(await programmesOf(new Uint8Array(4096).fill(0x48)), undefined));
});
