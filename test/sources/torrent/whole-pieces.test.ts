// The pieces around bytes that have to be verified, as parts of the files that they lie in.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { ByteRange } from '../../../src/base/byte-range.ts';
import { wholePiecesOf } from '../../../src/sources/torrent/whole-pieces.ts';
import {
  NO_TORRENT_STATS,
  type FilePart,
  type TorrentHandle,
} from '../../../src/torrent-engine/protocol/torrent-engine.ts';

const PACKED_INDEX = 1_000_000;
/** Pieces of 100 bytes: the first file ends in the middle of piece 1, the third one in the middle of piece 3. */
const SIZES = [150, 0, 200, 30];

/** The packed file is the end of the first and two ranges of the third file. */
const PACKED_PARTS = [part(0, 120, 150), part(2, 10, 20), part(2, 160, 170)];

function torrentOf(isPacked: boolean): TorrentHandle {
  const files = SIZES.map((sizeBytes, index) => ({ index, path: `${index}`, sizeBytes, isPadding: false }));
  const unused = (): never => assert.fail('not part of the question');
  return {
    info: { infoHash: '', name: '', files, stats: NO_TORRENT_STATS },
    metadata: async () => ({
      name: '',
      files,
      pieceBytes: 100,
      pieceCount: 4,
      isPrivate: false,
      metainfo: Buffer.of(),
    }),
    ...(isPacked ? { partsOf: () => PACKED_PARTS } : {}),
    open: unused,
    prefetch: unused,
    presence: unused,
    watch: unused,
    [Symbol.dispose]: unused,
  };
}

function part(fileIndex: number, start: number, end: number): FilePart {
  return { fileIndex, start, end };
}

const ROWS: [what: string, fileIndex: number, ranges: [start: number, end: number][], expected: FilePart[]][] = [
  ['no range', 0, [], []],
  ['one byte', 0, [[0, 1]], [part(0, 0, 100)]],
  ['the last byte of a piece', 0, [[99, 100]], [part(0, 0, 100)]],
  ['the first byte of a piece, which goes on in the next file', 0, [[100, 101]], [part(0, 100, 150), part(2, 0, 50)]],
  [
    'the first byte of a file, in a piece that began in the file before',
    2,
    [[0, 1]],
    [part(0, 100, 150), part(2, 0, 50)],
  ],
  ['two bytes in two pieces', 2, [[49, 51]], [part(0, 100, 150), part(2, 0, 150)]],
  ['a whole piece', 2, [[50, 150]], [part(2, 50, 150)]],
  ['the last piece, which is shorter', 3, [[29, 30]], [part(2, 150, 200), part(3, 0, 30)]],
  ['all of a file', 0, [[0, 150]], [part(0, 0, 150), part(2, 0, 50)]],
  [
    'two ranges in one piece: once',
    0,
    [
      [1, 2],
      [90, 95],
    ],
    [part(0, 0, 100)],
  ],
  [
    'two ranges that share a piece: once',
    2,
    [
      [0, 60],
      [140, 160],
    ],
    [part(0, 100, 150), part(2, 0, 200), part(3, 0, 30)],
  ],
  [
    'ranges in any order',
    2,
    [
      [160, 161],
      [0, 1],
    ],
    [part(0, 100, 150), part(2, 0, 50), part(2, 150, 200), part(3, 0, 30)],
  ],
  [
    'a packed file: the pieces of its parts, a shared one once',
    PACKED_INDEX,
    [[0, 50]],
    [part(0, 100, 150), part(2, 0, 50), part(2, 150, 200), part(3, 0, 30)],
  ],
  [
    'neighbouring pieces are one part',
    0,
    [
      [0, 1],
      [100, 101],
    ],
    [part(0, 0, 150), part(2, 0, 50)],
  ],
];

suite('whole pieces', () => {
  for (const [what, fileIndex, pairs, expected] of ROWS)
    test(what, async () => {
      const ranges = pairs.map(([start, end]): ByteRange => ({ start, end }));
      const parts = await wholePiecesOf(
        torrentOf(fileIndex === PACKED_INDEX),
        { fileIndex, ranges },
        new AbortController().signal,
      );
      assert.deepEqual(parts, expected);
    });
});
