// One download without a network: what becomes of blocks of peers under suspicion.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import type { ByteRange } from '../../src/base/byte-range.ts';
import { DataFile } from '../../src/torrent-engine/download/data-file.ts';
import { Download } from '../../src/torrent-engine/download/download.ts';
import type { PeerLink } from '../../src/torrent-engine/download/peer-link.ts';
import { BLOCK_BYTES, PieceLayout } from '../../src/torrent-engine/protocol/piece-layout.ts';
import { noise } from '../sources/torrent/running-engine.ts';

const PIECE = 2 * BLOCK_BYTES;
const CONTENT = noise(4 * PIECE, 'one download');
const WRONG = Buffer.alloc(BLOCK_BYTES, 'wrong');

test('blocks that a suspect sent again are told to nobody, and are called bad when another peer takes the piece over', (t) => {
  const { download, bad, one, other } = suspected(t);
  other.isChoking = true;
  const reader = { type: 'reader', infoHash: '', profile: 'player', verifiedOnly: false, runBytes: 0 } as const;
  download.setReader({ ...reader, reader: 1, position: 0, end: CONTENT.length, isWaiting: true });
  download.received(one, 0, WRONG);
  assert.ok(download.table.present.has(0), 'it is kept');
  assert.deepEqual([...download.reportable()], []);
  one.isChoking = true;
  download.refused(one, 1);
  download.addPeer(peer('a third one'));
  download.schedule();
  assert.deepEqual(bad, [{ start: 0, end: 2 }]);
  assert.ok(!download.table.present.has(0));
});

test('a piece that makes room while it is held back is not hashed any more', (t) => {
  const { download, one, other, pass } = suspected(t);
  download.received(one, 2, blockOf(2));
  download.received(other, 3, blockOf(3));
  assert.ok(download.table.isComplete(1) && !download.table.verified.has(1), 'it is held back');
  download.evict([1]);
  pass(6000);
  download.tick();
  assert.ok(!download.table.verified.has(1));
  assert.equal(download.counts.badPieces, 1);
});

interface FreePeer extends PeerLink {
  isChoking: boolean;
}

/** Two peers have sent the first piece, and it failed. */
function suspected(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'raffi-torrent-'));
  const file = new DataFile(join(directory, 'data'), CONTENT.length);
  t.after(() => {
    file[Symbol.dispose]();
    rmSync(directory, { recursive: true, force: true });
  });
  let now = 0;
  const bad: ByteRange[] = [];
  const nothing = () => undefined;
  const download = new Download({
    layout: new PieceLayout(CONTENT.length, PIECE),
    hashes: [0, 1, 2, 3].map((piece) => sha1(CONTENT.subarray(piece * PIECE, (piece + 1) * PIECE))),
    file,
    claimed: undefined,
    mostAheadBytes: CONTENT.length,
    now: () => now,
    roomBytes: () => Infinity,
    onBlocks: nothing,
    onVerified: nothing,
    onBad: (ranges) => bad.push(...ranges),
    onCorrupt: nothing,
    onDiskError: (error) => assert.fail(String(error)),
  });
  const [one, other] = [peer('one'), peer('other')];
  for (const each of [one, other]) download.addPeer(each);
  download.received(one, 0, WRONG);
  download.received(other, 1, blockOf(1));
  assert.deepEqual(bad.splice(0), [{ start: 0, end: 2 }]);
  return { download, bad, one, other, pass: (milliseconds: number) => (now += milliseconds) };
}

function peer(key: string): FreePeer {
  const nothing = () => undefined;
  const fixed = { key, isWebSeed: false, requestLimit: 100, isClosed: false };
  const made: FreePeer = {
    ...fixed,
    isChoking: false,
    canSend: () => !made.isChoking,
    request: nothing,
    cancel: nothing,
    ban: nothing,
  };
  return made;
}

function blockOf(block: number): Buffer {
  return CONTENT.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
}

function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}
