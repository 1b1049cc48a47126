// The figures of a torrent by what is known of it: nothing, its contents, its swarm.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { AppError } from '../../src/base/app-error.ts';
import { PieceTable } from '../../src/torrent-engine/download/piece-table.ts';
import { PieceLayout } from '../../src/torrent-engine/protocol/piece-layout.ts';
import { NO_TORRENT_STATS, type TorrentStats } from '../../src/torrent-engine/protocol/torrent-engine.ts';
import { torrentStats, type MeasuredContents, type StatsInput } from '../../src/torrent-engine/torrent-stats.ts';

const NOTHING: StatsInput = {
  contents: undefined,
  swarm: undefined,
  error: undefined,
  problem: undefined,
  bannedPeers: 0,
  uploadedBytes: 0,
};
const ALONE = { peerCounts: { peers: 0, seeds: 0 }, speeds: { download: 0, upload: 0 } };
const BUSY = { peerCounts: { peers: 5, seeds: 2 }, speeds: { download: 1000.5, upload: 0.4 } };

/** Four pieces, of which these are verified now, and these were in an earlier process. */
function contentsWith(verified: number[], claimed: number[] = []): MeasuredContents {
  const bits = claimed.reduce((byte, piece) => byte | (0x80 >> piece), 0);
  const table = new PieceTable(new PieceLayout(4 * 16_384, 16_384), Uint8Array.of(bits));
  for (const piece of verified) table.verify(piece);
  const counts = { downloadedBytes: 1, wastedBytes: 2, badBytes: 3, badPieces: 4, corruptPieces: 5 };
  return { diskBytes: 6, readerCount: 7, download: { table, counts } };
}

const FIGURES = { downloadedBytes: 1, wastedBytes: 2, badBytes: 3, badPieces: 4, diskBytes: 6, readers: 7 };
const FAILED = new AppError('SOURCE_UNUSABLE', 'Broken');

const ROWS: [what: string, input: Partial<StatsInput>, expected: Partial<TorrentStats>][] = [
  ['a torrent of which nothing is known', {}, { problem: 'no-peers' }],
  ['a swarm without peers', { swarm: ALONE }, { isActive: true, problem: 'no-peers' }],
  [
    'peers, but no metainfo: speeds are whole numbers',
    { swarm: BUSY },
    { isActive: true, peers: 5, seeds: 2, downloadSpeed: 1001, uploadSpeed: 0 },
  ],
  [
    'some pieces',
    { contents: contentsWith([0]), swarm: BUSY },
    { ...FIGURES, stage: 'downloading', isActive: true, peers: 5, seeds: 2, downloadSpeed: 1001, verifiedPieces: 1 },
  ],
  [
    'pieces of an earlier process count',
    { contents: contentsWith([0], [2, 3]) },
    { ...FIGURES, stage: 'downloading', verifiedPieces: 3, problem: 'no-peers' },
  ],
  [
    'a piece of an earlier process that is verified again counts once',
    { contents: contentsWith([0, 2], [2, 3]) },
    { ...FIGURES, stage: 'downloading', verifiedPieces: 3, problem: 'no-peers' },
  ],
  [
    'everything, which needs no peers',
    { contents: contentsWith([0, 1], [2, 3]), swarm: ALONE },
    { ...FIGURES, stage: 'ready', isActive: true, verifiedPieces: 4 },
  ],
  [
    'a full disk is the problem, without peers too',
    { contents: contentsWith([]), problem: 'disk-full' },
    { ...FIGURES, stage: 'downloading', problem: 'disk-full' },
  ],
  [
    'an error without contents',
    { error: FAILED, swarm: BUSY },
    { stage: 'error', error: 'Broken', isActive: true, peers: 5, seeds: 2, downloadSpeed: 1001 },
  ],
  [
    'an error with everything there',
    { error: FAILED, contents: contentsWith([0, 1, 2, 3]) },
    { ...FIGURES, stage: 'error', error: 'Broken', verifiedPieces: 4 },
  ],
  [
    'the figures of other places',
    { bannedPeers: 8, uploadedBytes: 9 },
    { bannedPeers: 8, uploadedBytes: 9, problem: 'no-peers' },
  ],
];

suite('figures', () => {
  for (const [what, input, expected] of ROWS)
    test(what, () => assert.deepEqual(torrentStats({ ...NOTHING, ...input }), { ...NO_TORRENT_STATS, ...expected }));
});
