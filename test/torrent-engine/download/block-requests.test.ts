// Which blocks are requested from which peer: 64 blocks in pieces of four, two peers, and steps that change what is wanted and what is there.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BlockRequests, URGENT_ROOM_BYTES } from '../../../src/torrent-engine/download/block-requests.ts';
import { PieceTable } from '../../../src/torrent-engine/download/piece-table.ts';
import { Readers } from '../../../src/torrent-engine/download/readers.ts';
import type { ReaderOrder } from '../../../src/torrent-engine/protocol/engine-protocol.ts';
import { BLOCK_BYTES, PieceLayout } from '../../../src/torrent-engine/protocol/piece-layout.ts';
import { TestPeer } from './test-peer.ts';

type Key = 'a' | 'b';

class Scene {
  readonly table = new PieceTable(new PieceLayout(64 * BLOCK_BYTES, 4 * BLOCK_BYTES));
  readonly readers = new Readers(64 * BLOCK_BYTES);
  readonly peers = { a: new TestPeer('a'), b: new TestPeer('b') };
  nowMs = 0;
  roomBytes = Infinity;
  readonly failedPieces: number[] = [];
  /** The only peer that may send the piece. */
  readonly sources = new Map<number, Key>();
  /** Pieces and peers as they were announced to the checks. */
  readonly announced: string[] = [];
  readonly requests = new BlockRequests({
    table: this.table,
    readers: this.readers,
    checks: {
      failedPieces: this.failedPieces,
      accepts: (piece, { key }) => (this.sources.get(piece) ?? key) === key,
      expect: (piece, { key }) => void this.announced.push(`${piece} ${key}`),
    },
    now: () => this.nowMs,
    roomBytes: () => this.roomBytes,
  });
}

type Step = (scene: Scene) => void;

/** A reader waits for the blocks `[from, to)`. The first 16 come before everything else: they delay a start or a seek. */
function read(from: number, to: number, more: Partial<ReaderOrder> = {}): Step {
  const fixed = {
    type: 'reader',
    infoHash: '',
    reader: 1,
    profile: 'player',
    verifiedOnly: false,
    runBytes: 0,
  } as const;
  const range = { position: from * BLOCK_BYTES, end: to * BLOCK_BYTES };
  return ({ readers }) => readers.set({ ...fixed, ...range, isWaiting: true, ...more });
}

/** The peers are as they are described; then each is added and gets requests. */
function join(keys: Key[], change: Partial<Pick<TestPeer, 'requestLimit' | 'isClosed' | 'lacks'>> = {}): Step {
  return ({ peers, requests }) => {
    for (const key of keys) requests.addPeer(Object.assign(peers[key], change));
    for (const key of keys) requests.fill(peers[key]);
  };
}

/** The peer sends these blocks. */
function answer(key: Key, blocks: number[]): Step {
  return ({ peers, table, requests }) => {
    for (const block of blocks) {
      peers[key].cancel(block);
      table.addBlock(block, peers[key]);
      requests.answered(peers[key], block, BLOCK_BYTES);
    }
  };
}

const fill =
  (key: Key): Step =>
  ({ peers, requests }) =>
    requests.fill(peers[key]);
const fillAll: Step = ({ requests }) => requests.fillAll();
const stop: Step = ({ requests }) => requests.stop();
const start: Step = ({ requests }) => requests.start();
const leave =
  (key: Key): Step =>
  ({ peers, requests }) =>
    requests.removePeer(peers[key]);
const room =
  (bytes: number): Step =>
  (scene) =>
    void (scene.roomBytes = bytes);
const at =
  (ms: number): Step =>
  (scene) =>
    void (scene.nowMs = ms);
const open =
  (piece: number): Step =>
  ({ failedPieces }) =>
    void failedPieces.push(piece);
const only =
  (piece: number, key: Key): Step =>
  ({ sources }) =>
    void sources.set(piece, key);
const repeatLate: Step = ({ requests }) => requests.repeatLate();

/** The numbers `[from, to)`. */
function span(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** What is requested from the peers after the steps, in order. */
type Row = [what: string, steps: Step[], a: number[], b: number[]];

const FILLING: Row[] = [
  ['a new peer: 16 blocks', [read(0, 64), join(['a'])], span(0, 16), []],
  ['two new peers: 16 each, no block twice', [read(0, 64), join(['a', 'b'])], span(0, 16), span(16, 32)],
  ['no more than the peer accepts', [read(0, 64), join(['a'], { requestLimit: 3 })], [0, 1, 2], []],
  ['no more than a reader wants', [read(3, 5), join(['a'])], [3, 4], []],
  ['no reader', [join(['a'])], [], []],
  ['a peer without the first two pieces', [read(0, 64), join(['a'], { lacks: [0, 1] })], span(8, 24), []],
  ['a closed peer', [read(0, 64), join(['a'], { isClosed: true })], [], []],
  ['a piece that only another peer may send', [read(0, 8), only(0, 'b'), join(['a'])], span(4, 8), []],
  [
    'a piece that failed its hash comes first',
    [open(9), read(0, 2, { isWaiting: false }), join(['a'])],
    [...span(36, 40), 0, 1],
    [],
  ],
  [
    'a reader of verified bytes needs the whole piece',
    [read(6, 7, { verifiedOnly: true }), join(['a'])],
    [6, 4, 5, 7],
    [],
  ],
  ['no space: only what a reader waits for', [read(0, 64), room(0), join(['a', 'b'])], span(0, 16), []],
  ['space is exceeded as far as it may be', [read(0, 64), room(-URGENT_ROOM_BYTES), join(['a'])], span(0, 16), []],
  ['space is exceeded further', [read(0, 64), room(-URGENT_ROOM_BYTES - 1), join(['a'])], [], []],
  [
    'a new peer beside one that has sent: four',
    [read(0, 64), join(['a']), answer('a', [0]), join(['b'])],
    span(1, 16),
    span(16, 20),
  ],
  ['less than half is answered', [read(0, 64), join(['a']), answer('a', span(0, 7)), fill('a')], span(7, 16), []],
  ['half is answered', [read(0, 64), join(['a']), answer('a', span(0, 8)), fill('a')], span(8, 24), []],
  ['all peers are filled at any time', [read(0, 64), join(['a']), answer('a', [0]), fillAll], span(1, 17), []],
];

const prefetch =
  (block: number): Step =>
  ({ readers }) =>
    readers.prefetch(0, [{ start: block * BLOCK_BYTES, end: (block + 1) * BLOCK_BYTES }]);
const cancelUnurgent: Step = ({ requests }) => requests.cancelUnurgent();
const refuse: Step = ({ peers, requests }) => {
  peers.a.cancel(0);
  requests.refused(peers.a, 0);
};

const ENDING: Row[] = [
  ['a refused block is requested again', [read(0, 2), join(['a']), refuse, fillAll], [1, 0], []],
  ['the blocks of a peer that left', [read(0, 2), join(['a']), leave('a'), join(['b'])], [0, 1], [0, 1]],
  ['stopped', [read(0, 64), join(['a']), stop, fillAll], [], []],
  ['a peer that comes while stopped', [read(0, 64), stop, join(['a'])], [], []],
  ['started again', [read(0, 2), join(['a']), stop, start], [0, 1], []],
  ['prefetched blocks make room for a seek', [prefetch(0), join(['a']), read(8, 9), fillAll, cancelUnurgent], [8], []],
];

/** Block 0 is requested from the first peer; the second one comes later. */
const ASKED = [read(0, 1), join(['a']), join(['b'])];

const LATE: Row[] = [
  ['a block in time', [...ASKED, at(500), repeatLate], [0], []],
  ['a late block is requested from the other peer too', [...ASKED, at(501), repeatLate], [0], [0]],
  ['not a third time', [...ASKED, at(501), repeatLate, at(2000), repeatLate], [0], [0]],
  [
    'not from a peer that accepts no request',
    [read(0, 1), join(['a']), join(['b'], { requestLimit: 0 }), at(501), repeatLate],
    [0],
    [],
  ],
  [
    'not from a peer without the piece',
    [read(0, 1), join(['a']), join(['b'], { lacks: [0] }), at(501), repeatLate],
    [0],
    [],
  ],
  ['not from a closed peer', [read(0, 1), join(['a']), join(['b'], { isClosed: true }), at(501), repeatLate], [0], []],
  ['not from a peer that may not send the piece', [only(0, 'a'), ...ASKED, at(501), repeatLate], [0], []],
  ['the first answer cancels the other request', [...ASKED, at(501), repeatLate, answer('b', [0])], [], []],
];

/** The first peer has sent one block in three seconds; the second one gets block 1. */
const SLOW = [
  read(0, 1),
  join(['a']),
  at(3000),
  answer('a', [0]),
  read(1, 64),
  join(['b'], { requestLimit: 1 }),
  at(3010),
];

const PACE: Row[] = [
  ['a slow peer gets urgent blocks while no other has sent anything', [...SLOW, fill('a')], [2, 3], [1]],
  ['a slow peer gets none beside a faster one', [...SLOW, answer('b', [1]), fill('a')], [], []],
  ['a slow peer gets some when the faster one left', [...SLOW, answer('b', [1]), leave('b'), fill('a')], [2, 3], []],
  ['the fastest peer is filled first', [...SLOW, answer('b', [1]), read(64, 64), prefetch(2), fillAll], [], [2]],
];

const SUITES: [name: string, rows: Row[]][] = [
  ['requests to a peer', FILLING],
  ['requests that end', ENDING],
  ['late blocks', LATE],
  ['slow peers', PACE],
];
for (const [name, rows] of SUITES)
  suite(name, () => {
    for (const [what, steps, a, b] of rows)
      test(what, () => {
        const scene = new Scene();
        for (const step of steps) step(scene);
        assert.deepEqual({ a: scene.peers.a.requested, b: scene.peers.b.requested }, { a, b });
      });
  });

test('every request is announced to the checks with its piece', () => {
  const scene = new Scene();
  for (const step of [read(3, 5), join(['a'])]) step(scene);
  assert.deepEqual(scene.announced, ['0 a', '1 a']);
});
