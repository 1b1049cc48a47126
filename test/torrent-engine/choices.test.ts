// The choices of the engine, without a network: which blocks first, which pieces go, who is to blame, whom to talk to.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BitSet } from '../../src/torrent-engine/protocol/bit-set.ts';
import { isAllowedAddress } from '../../src/torrent-engine/protocol/allowed-addresses.ts';
import { BadPeers } from '../../src/torrent-engine/download/bad-peers.ts';
import { pickBlocks } from '../../src/torrent-engine/download/block-picker.ts';
import { planEviction, type Evictable } from '../../src/torrent-engine/storage/piece-eviction.ts';
import type { PeerLink } from '../../src/torrent-engine/download/peer-link.ts';
import { PeerMeter } from '../../src/torrent-engine/download/peer-meter.ts';
import { PieceTable } from '../../src/torrent-engine/download/piece-table.ts';
import { Readers } from '../../src/torrent-engine/download/readers.ts';
import { URGENCY } from '../../src/torrent-engine/download/reader-window.ts';
import type { ReaderOrder } from '../../src/torrent-engine/protocol/engine-protocol.ts';
import { BLOCK_BYTES, PieceLayout } from '../../src/torrent-engine/protocol/piece-layout.ts';

const MIB = 2 ** 20;

function order(reader: number, position: number, more: Partial<ReaderOrder> = {}): ReaderOrder {
  const fixed = { type: 'reader', infoHash: '', profile: 'player', verifiedOnly: false } as const;
  return { ...fixed, reader, position, end: 100 * MIB, isWaiting: true, runBytes: 0, ...more };
}

function peer(key: string): PeerLink {
  const nothing = () => undefined;
  return {
    key,
    isWebSeed: false,
    requestLimit: 100,
    isClosed: false,
    canSend: () => true,
    request: nothing,
    cancel: nothing,
    ban: nothing,
  };
}

function picked(table: PieceTable, readers: Readers, count: number): number[] {
  const blocks: number[] = [];
  const request = { peer: peer('one'), atMs: 0, expectedMs: 0 };
  pickBlocks(table, {
    demands: readers.demands,
    count,
    mostUrgent: URGENCY.FIRST,
    leastUrgent: URGENCY.REST,
    accepts: () => true,
    take: (block) => {
      table.addRequest(block, request);
      blocks.push(block);
    },
  });
  return blocks;
}

test('a layout knows its last, shorter piece and block', () => {
  const layout = new PieceLayout(2 * MIB + 20_000, MIB);
  assert.deepEqual([layout.pieceCount, layout.blocksPerPiece, layout.blockCount], [3, 64, 130]);
  assert.deepEqual(layout.blockRange(129), { start: 2 * MIB + BLOCK_BYTES, end: 2 * MIB + 20_000 });
  assert.deepEqual(layout.blocksIn({ start: MIB - 1, end: MIB + 1 }), { start: 63, end: 65 });
  assert.deepEqual(layout.blocksIn({ start: 5, end: 5 }), { start: 0, end: 0 });
});

test('bits are counted and found across bytes', () => {
  const bits = new BitSet(20, new Uint8Array([0xff, 0x01, 0xff]));
  assert.equal(bits.count, 13);
  assert.equal(bits.nextClear(0, 20), 8);
  assert.equal(bits.nextSet(8, 20), 15);
  bits.deleteRange(0, 18);
  assert.deepEqual([...bits.members()], [18, 19]);
  bits.addRange(3, 6);
  assert.deepEqual(
    [...bits.runs()],
    [
      { start: 3, end: 6 },
      { start: 18, end: 20 },
    ],
  );
});

test('the newest place goes first, from the byte that is asked for', () => {
  const table = new PieceTable(new PieceLayout(100 * MIB, 16 * MIB));
  const readers = new Readers(64 * MIB);
  readers.set(order(1, 0));
  readers.set(order(2, 99 * MIB + 5));
  const first = table.layout.blockAt(99 * MIB + 5);
  assert.deepEqual(picked(table, readers, 3), [first, first + 1, first + 2]);
});

test('readers that wait share what comes, whoever came last', () => {
  const table = new PieceTable(new PieceLayout(100 * MIB, MIB));
  const readers = new Readers(64 * MIB);
  readers.set(order(1, 0));
  readers.set(order(1, 0, { runBytes: 1 }));
  readers.set(order(2, 50 * MIB));
  readers.set(order(2, 50 * MIB, { runBytes: 1 }));
  const blocks = picked(table, readers, 16);
  assert.equal(blocks.filter((block) => block < table.layout.blockAt(50 * MIB)).length, 8);
});

test('the read-ahead grows as it is read on, and a single byte pulls nothing behind it', () => {
  const ahead = (runBytes: number, end = 100 * MIB) => {
    const readers = new Readers(64 * MIB);
    readers.set(order(1, runBytes, { runBytes, end, isWaiting: false }));
    return Math.max(...readers.demands.map((demand) => demand.end)) - runBytes;
  };
  assert.deepEqual([ahead(0), ahead(10 * MIB), ahead(90 * MIB, 200 * MIB)], [MIB, 11 * MIB, 64 * MIB]);
  assert.equal(ahead(0, 1), 1);
});

test('what nobody uses goes first, then what was watched longest ago; windows and heads stay', () => {
  const layout = new PieceLayout(100 * MIB, MIB);
  const film = (infoHash: string, more: Partial<Evictable>): Evictable => ({
    infoHash,
    layout,
    isOnDisk: (piece) => piece < 60,
    isUsed: true,
    usedAtMs: 1,
    places: [{ position: 50 * MIB, end: 100 * MIB }],
    kept: [{ start: 0, end: 8 * MIB }],
    ...more,
  });
  const limits = { backBytes: 8 * MIB, aheadBytes: 8 * MIB };
  const unused = film('unused', { isUsed: false, isOnDisk: (piece) => piece < 5 });
  const plan = planEviction([film('used', {}), unused], { ...limits, needBytes: 10 * MIB });
  assert.deepEqual(
    plan.map(({ infoHash, pieces }) => [infoHash, pieces.length]),
    [
      ['unused', 5],
      ['used', 5],
    ],
  );
  assert.deepEqual(plan[1]?.pieces, [8, 9, 10, 11, 12]);
  const all = planEviction([film('used', {})], { ...limits, needBytes: 1000 * MIB });
  const gone = new Set(all.flatMap(({ pieces }) => pieces));
  assert.ok([0, 7, 49, 50, 57].every((piece) => !gone.has(piece)) && gone.has(8) && gone.has(59));
});

test('the peer whose block differs from the good copy is to blame, and one that sent a bad piece alone at once', () => {
  const bad = new BadPeers();
  const [honest, liar] = [peer('honest'), peer('liar')];
  const read = (text: string) => (block: number) => Buffer.from(block === 1 ? text : 'same');
  assert.equal(
    bad.failed(
      0,
      new Map([
        [0, honest],
        [1, liar],
      ]),
      read('wrong'),
    ),
    undefined,
  );
  assert.deepEqual(bad.suspects, new Set([honest, liar]));
  assert.equal(bad.choose(0, honest), false);
  assert.deepEqual([bad.accepts(0, honest), bad.accepts(0, liar), bad.accepts(1, liar)], [true, false, true]);
  assert.deepEqual(bad.passed(0, read('right')), new Set([liar]));
  assert.equal(bad.suspects.size, 0);
  assert.equal(bad.failed(3, new Map([[7, liar]]), read('')), liar);
});

test('a fast peer gets a short pipe, a slow one a shorter one, and one that is late too often is left out', () => {
  const meter = new PeerMeter();
  assert.deepEqual([meter.depth(100, true), meter.depth(100, false)], [16, 4]);
  // There is always one more in flight.
  meter.asked(0);
  for (let ms = 0; ms < 2000; ms += 10) {
    meter.asked(ms);
    meter.answered(BLOCK_BYTES * 2, ms, ms + 5);
  }
  const depth = meter.depth(Infinity, false);
  // 3.2 MB/s: a sixth of a second of it.
  assert.ok(depth >= 25 && depth <= 40, `${depth}`);
  for (let time = 0; time < 3; time += 1) meter.wasLate(3000);
  assert.deepEqual([meter.isSnubbed(3001), meter.isSnubbed(40_000)], [true, false]);
});

test('addresses of the machine and its network are for those who allow them', () => {
  const rules = { privatePeers: false, ipv6: true };
  for (const host of ['127.0.0.1', '10.1.2.3', '192.168.1.1', '::1', 'fd00::1', '::ffff:127.0.0.1']) {
    assert.equal(isAllowedAddress(host, rules), false, host);
    assert.equal(isAllowedAddress(host, { ...rules, privatePeers: true }), true, host);
  }
  assert.equal(isAllowedAddress('192.168.1.1', rules, true), true);
  for (const host of ['0.0.0.0', '169.254.169.254', '224.0.0.1', 'ff02::1', '::7f00:1', 'example.org', '']) {
    assert.equal(isAllowedAddress(host, { ...rules, privatePeers: true }), false, host);
  }
  assert.equal(isAllowedAddress('2606:4700::1', { ...rules, ipv6: false }), false);
  assert.equal(isAllowedAddress('2606:4700::1', rules), true);
  assert.equal(isAllowedAddress('127.0.0.1', rules, true), false);
  assert.equal(isAllowedAddress('8.8.8.8', rules), true);
});
