// Times of MPEG-PS that libavformat gives to two frames: they belong to the second one.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AV_NOPTS_VALUE } from 'node-av/constants';
import { Packet } from 'node-av/lib';
import type { DemuxedPacket } from '../../../src/media/worker/libav/demux/demuxed-packet.ts';
import { PacketAhead } from '../../../src/media/worker/libav/demux/packet-ahead.ts';

const VIDEO = 0x1e0;
const AUDIO = 0x1c0;
const NO_TIME = { pts: undefined, dts: undefined, byte: -1 };

const ROWS: { what: string; read: Partial<DemuxedPacket>[]; untimed: number[] }[] = [
  { what: 'a frame with its own time keeps it', read: [{ pts: 7200 }, { pts: 10_800 }], untimed: [] },
  { what: 'the time of two frames is that of the second', read: [{ pts: 7200 }, { pts: 7200 }], untimed: [0] },
  { what: 'frames without a time have none', read: [NO_TIME, NO_TIME, { pts: 7200 }], untimed: [0, 1] },
  { what: 'equal times of two places stay', read: [{ pts: 7200 }, { pts: 7200, byte: 4096 }], untimed: [] },
  { what: 'equal times of two tracks stay', read: [{ pts: 7200 }, { pts: 7200, streamIndex: AUDIO }], untimed: [] },
  { what: 'frames of two decode times stay', read: [{ pts: 7200 }, { pts: 7200, dts: 3600 }], untimed: [] },
];

for (const { what, read, untimed } of ROWS)
  test(what, async () => {
    const given = read.map((each) => packet(each));
    const found = await everyPacket(given);
    const expected = given.map((each, index) => (untimed.includes(index) ? { ...each, ...NO_TIME } : each));
    assert.deepEqual(
      found.map(({ packet: each }) => each),
      expected,
    );
    const ticks = expected.map(({ pts }) => (pts === undefined ? AV_NOPTS_VALUE : BigInt(pts)));
    assert.deepEqual(
      found.map(({ raw }) => raw),
      ticks,
    );
  });

test('after a seek the packet that was read ahead is dropped', async () => {
  using ahead = new PacketAhead();
  const current = allocated();
  const rest = [packet({ pts: 0 }), packet({ pts: 3600 }), packet({ pts: 90_000 }), packet({ pts: 93_600 })];
  const read = readerOf(rest);
  assert.equal((await ahead.read(current, read))?.pts, 0);
  ahead.forget();
  assert.equal((await ahead.read(current, read))?.pts, 90_000);
  current.free();
});

async function everyPacket(given: readonly DemuxedPacket[]): Promise<{ packet: DemuxedPacket; raw: bigint }[]> {
  using ahead = new PacketAhead();
  const current = allocated();
  const read = readerOf([...given]);
  const found: { packet: DemuxedPacket; raw: bigint }[] = [];
  for (;;) {
    const next = await ahead.read(current, read);
    if (!next) break;
    found.push({ packet: next, raw: current.pts });
  }
  current.free();
  return found;
}

/** Reads the packets one by one, as a demuxer does. */
function readerOf(rest: DemuxedPacket[]): (into: Packet) => Promise<DemuxedPacket | undefined> {
  return (into) => {
    const next = rest.shift();
    into.unref();
    if (next?.pts !== undefined) into.pts = BigInt(next.pts);
    return Promise.resolve(next);
  };
}

function allocated(): Packet {
  const raw = new Packet();
  raw.alloc();
  return raw;
}

function packet(known: Partial<DemuxedPacket>): DemuxedPacket {
  const flags = { isKey: false, isCorrupt: false, isHidden: false };
  return { streamIndex: VIDEO, pts: 0, dts: 0, duration: 3600, ...flags, sizeBytes: 1000, byte: 2048, ...known };
}
