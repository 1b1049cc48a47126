// Which requested blocks are late for a reader that waits, and which peer is asked for them again.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { lateBlocks, quickest } from '../../../src/torrent-engine/download/late-blocks.ts';
import { PeerMeter } from '../../../src/torrent-engine/download/peer-meter.ts';
import { PieceTable } from '../../../src/torrent-engine/download/piece-table.ts';
import { URGENCY, type Urgency } from '../../../src/torrent-engine/download/reader-window.ts';
import { BLOCK_BYTES, PieceLayout } from '../../../src/torrent-engine/protocol/piece-layout.ts';
import { TestPeer } from './test-peer.ts';

const NOW_MS = 10_000;

/** A request for a block that was sent `agoMs` ago, and was expected after `expectedMs`. */
type Request = [peer: string, block: number, agoMs: number, expectedMs: number];

interface Row {
  what: string;
  requests: Request[];
  present?: number[];
  snubbed?: string[];
  urgency?: Urgency;
  /** Blocks that the reader waits for. */
  demand?: { start: number; end: number };
  /** Each late block with the peers that should have sent it. */
  expected: [block: number, lateBy: string[]][];
}

const ROWS: Row[] = [
  { what: 'nothing is requested', requests: [], expected: [] },
  { what: 'in time', requests: [['a', 0, 299, 150]], expected: [] },
  { what: 'just in time: twice as long as expected', requests: [['a', 0, 300, 150]], expected: [] },
  { what: 'more than twice as long as expected', requests: [['a', 0, 301, 150]], expected: [[0, ['a']]] },
  { what: 'no block is late within 250 ms', requests: [['a', 0, 250, 1]], expected: [] },
  { what: 'a fast peer is late after 250 ms', requests: [['a', 0, 251, 1]], expected: [[0, ['a']]] },
  { what: 'a slow peer has 500 ms', requests: [['a', 0, 500, 4000]], expected: [] },
  { what: 'every block is late after 500 ms', requests: [['a', 0, 501, 4000]], expected: [[0, ['a']]] },
  { what: 'a block that has arrived', requests: [['a', 0, 900, 1]], present: [0], expected: [] },
  {
    what: 'requested twice, which is enough',
    requests: [
      ['a', 0, 900, 1],
      ['b', 0, 900, 1],
    ],
    expected: [],
  },
  {
    what: 'a peer that is late too often does not count',
    requests: [
      ['a', 0, 900, 1],
      ['b', 0, 900, 1],
    ],
    snubbed: ['a'],
    expected: [[0, ['b']]],
  },
  {
    what: 'requested from a peer that is late too often alone: at once',
    requests: [['a', 0, 1, 1]],
    snubbed: ['a'],
    expected: [[0, []]],
  },
  {
    what: 'the second request is in time',
    requests: [
      ['a', 0, 900, 1],
      ['b', 0, 10, 1],
    ],
    snubbed: ['a'],
    expected: [],
  },
  { what: 'the first byte after a seek', requests: [['a', 0, 900, 1]], urgency: URGENCY.FIRST, expected: [[0, ['a']]] },
  { what: 'no reader waits yet', requests: [['a', 0, 900, 1]], urgency: URGENCY.SOON, expected: [] },
  {
    what: 'only the blocks of the demand',
    requests: [
      ['a', 1, 900, 1],
      ['a', 2, 900, 1],
      ['a', 3, 900, 1],
    ],
    demand: { start: 2, end: 3 },
    expected: [[2, ['a']]],
  },
  {
    what: 'sixteen missing blocks are examined, those that have arrived are not counted',
    requests: [
      ['a', 16, 900, 1],
      ['a', 17, 900, 1],
    ],
    present: [0],
    expected: [[16, ['a']]],
  },
];

suite('late blocks', () => {
  for (const {
    what,
    requests,
    present = [],
    snubbed = [],
    urgency = URGENCY.WAITING,
    demand: { start, end } = { start: 0, end: 64 },
    expected,
  } of ROWS)
    test(what, () => {
      const table = new PieceTable(new PieceLayout(64 * BLOCK_BYTES, 4 * BLOCK_BYTES));
      const peers = new Map(requests.map(([key]) => [key, new TestPeer(key)]));
      for (const [key, block, agoMs, expectedMs] of requests) {
        const peer = peers.get(key);
        if (peer) table.addRequest(block, { peer, atMs: NOW_MS - agoMs, expectedMs });
      }
      for (const block of present) table.addBlock(block, new TestPeer('sender'));
      const late = lateBlocks(table, {
        demands: [{ start: start * BLOCK_BYTES, end: end * BLOCK_BYTES, urgency, reader: undefined }],
        nowMs: NOW_MS,
        isSnubbed: ({ key }) => snubbed.includes(key),
      });
      assert.deepEqual(
        late.map(({ block, lateBy }) => [block, lateBy.map(({ key }) => key)]),
        expected,
      );
    });
});

suite('the quickest peer', () => {
  /** A peer that sends one block in so many milliseconds. */
  function meterOf(blockMs: number): PeerMeter {
    const meter = new PeerMeter();
    meter.asked(0);
    meter.answered(BLOCK_BYTES, 0, blockMs);
    return meter;
  }

  const ROWS_OF_PEERS: [
    what: string,
    blockMs: Record<string, number>,
    unfit: string[],
    expected: string | undefined,
  ][] = [
    ['none', {}, [], undefined],
    ['the only one', { a: 1000 }, [], 'a'],
    ['the fastest', { a: 800, b: 200, c: 400 }, [], 'b'],
    ['the fastest of those that fit', { a: 800, b: 200, c: 400 }, ['b'], 'c'],
    ['none fits', { a: 800 }, ['a'], undefined],
    ['the first of equal ones', { a: 400, b: 400 }, [], 'a'],
  ];
  for (const [what, blockMs, unfit, expected] of ROWS_OF_PEERS)
    test(what, () => {
      const peers = new Map(Object.entries(blockMs).map(([key, ms]) => [new TestPeer(key), meterOf(ms)]));
      assert.equal(quickest(peers, ({ key }) => !unfit.includes(key))?.key, expected);
    });
});
