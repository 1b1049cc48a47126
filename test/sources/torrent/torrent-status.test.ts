// What is told of a torrent: the stage, the share of the bytes that a player needs to start, and the files.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { startWindow, torrentStatus, type StatusParts } from '../../../src/sources/torrent/torrent-status.ts';
import {
  NO_TORRENT_STATS,
  type Presence,
  type TorrentFile,
  type TorrentStats,
} from '../../../src/torrent-engine/protocol/torrent-engine.ts';

const MIB = 2 ** 20;

const FILM: TorrentFile = { index: 0, path: 'Film/film.mkv', sizeBytes: 100, isPadding: false };
const PADDING: TorrentFile = { index: 1, path: '.pad/28', sizeBytes: 28, isPadding: true };
const PACKED: TorrentFile = { index: 1_000_000, path: 'inside.mkv', sizeBytes: 70, isPadding: false };

type Change = Partial<Omit<StatusParts, 'info'>> & { stats?: Partial<TorrentStats>; files?: TorrentFile[] };

function statusOf({ stats, files, ...parts }: Change) {
  return torrentStatus({
    info: { infoHash: 'aa', name: 'Film', files, stats: { ...NO_TORRENT_STATS, ...stats } },
    failure: undefined,
    fileIndex: undefined,
    packedFile: undefined,
    presence: undefined,
    window: undefined,
    ...parts,
  });
}

/** So many of 1000 bytes. */
function present(presentBytes: number, windowBytes = 1000): Pick<StatusParts, 'presence' | 'window'> {
  const presence: Presence = { presentBytes, verifiedBytes: 0, pieces: 4, verifiedPieces: 3 };
  return { presence, window: { start: 0, end: windowBytes } };
}

suite('the bytes that a player needs to start', () => {
  const ROWS: [sizeBytes: number, end: number][] = [
    [0, 0],
    [1, 1],
    [2 * MIB, 2 * MIB],
    [2 * MIB + 1, 2 * MIB],
    [2 ** 40, 2 * MIB],
  ];
  for (const [sizeBytes, end] of ROWS)
    test(`${end} of ${sizeBytes}`, () => assert.deepEqual(startWindow(sizeBytes), { start: 0, end }));
});

suite('the stage', () => {
  const ROWS: [what: string, change: Change, stage: string, ready: boolean, error: string][] = [
    ['no metainfo', {}, 'metadata', false, ''],
    ['downloading', { stats: { stage: 'downloading' } }, 'downloading', false, ''],
    ['the start is incomplete', { stats: { stage: 'downloading' }, ...present(999) }, 'downloading', false, ''],
    ['the start is there', { stats: { stage: 'downloading' }, ...present(1000) }, 'ready', true, ''],
    ['everything is there', { stats: { stage: 'ready' } }, 'ready', true, ''],
    ['an empty file has no start', { stats: { stage: 'downloading' }, ...present(0, 0) }, 'downloading', false, ''],
    ['the torrent failed', { stats: { stage: 'error', error: 'Broken' } }, 'error', false, 'Broken'],
    ['the server failed', { failure: 'No peers' }, 'error', false, 'No peers'],
    [
      'both: the failure of the server',
      { failure: 'One', stats: { stage: 'error', error: 'Two' } },
      'error',
      false,
      'One',
    ],
    ['a failure with everything there', { failure: 'One', stats: { stage: 'ready' } }, 'error', false, 'One'],
  ];
  for (const [what, change, stage, ready, error] of ROWS)
    test(what, () => {
      const status = statusOf(change);
      assert.deepEqual([status.stage, status.ready, status.error], [stage, ready, error]);
    });
});

suite('the share of the start, rounded down', () => {
  const ROWS: [presentBytes: number, windowBytes: number, progress: number][] = [
    [0, 1000, 0],
    [500, 1000, 0.5],
    [57, 100, 0.57],
    [999_999, 1_000_000, 0.999],
    [2, 3, 0.666],
    [1000, 1000, 1],
    [0, 0, 0],
  ];
  for (const [presentBytes, windowBytes, progress] of ROWS)
    test(`${presentBytes} of ${windowBytes}`, () => {
      const status = statusOf(present(presentBytes, windowBytes));
      assert.deepEqual([status.progress, status.piecesComplete, status.piecesTotal], [progress, 3, 4]);
    });

  test('unknown without a user', () => {
    const { progress, piecesComplete, piecesTotal } = statusOf({ window: { start: 0, end: 1000 } });
    assert.deepEqual([progress, piecesComplete, piecesTotal], [0, 0, 0]);
  });
});

suite('the files', () => {
  const film = { index: 0, name: 'Film/film.mkv', length: 100 };
  const packed = { index: 1_000_000, name: 'inside.mkv', length: 70 };
  const ROWS: [what: string, change: Change, expected: object[]][] = [
    ['before they are known', {}, []],
    ['without padding', { files: [FILM, PADDING] }, [film]],
    ['with the packed one last', { files: [FILM], packedFile: PACKED }, [film, packed]],
  ];
  for (const [what, change, expected] of ROWS) test(what, () => assert.deepEqual(statusOf(change).files, expected));

  test('the file that plays is named when it is known', () => {
    assert.equal(statusOf({ fileIndex: 0 }).fileIdx, 0);
    assert.ok(!('fileIdx' in statusOf({})));
  });
});

test('the figures are those of the engine', () => {
  const stats: TorrentStats = {
    stage: 'downloading',
    error: undefined,
    problem: 'disk-full',
    isActive: true,
    peers: 1,
    seeds: 2,
    bannedPeers: 3,
    downloadSpeed: 4,
    uploadSpeed: 5,
    downloadedBytes: 6,
    wastedBytes: 7,
    badBytes: 8,
    badPieces: 9,
    uploadedBytes: 10,
    verifiedPieces: 11,
    diskBytes: 12,
    readers: 13,
  };
  assert.deepEqual(statusOf({ stats }), {
    infoHash: 'aa',
    name: 'Film',
    stage: 'downloading',
    ready: false,
    peers: 1,
    piecesComplete: 0,
    piecesTotal: 0,
    progress: 0,
    downUsefulBytes: 6,
    error: '',
    problem: 'disk-full',
    files: [],
    downloadSpeed: 4,
    uploadSpeed: 5,
    uploadedBytes: 10,
    wastedBytes: 7,
    badPieces: 9,
    bannedPeers: 3,
    seeds: 2,
    readers: 13,
    diskBytes: 12,
    isActive: true,
  });
});
