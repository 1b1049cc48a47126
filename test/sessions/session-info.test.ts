// The reply about a session: from nothing known to everything known.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { AppError } from '../../src/base/app-error.ts';
import type { AudioInfo, ItemInfo } from '../../src/presentation/item-info.ts';
import type { TransferInfo } from '../../src/presentation/media-item.ts';
import { sessionInfo, type SessionInfo, type SessionState } from '../../src/sessions/session-info.ts';
import { RECORD } from '../support/stores/session-record.ts';

const STARTING: SessionState = {
  record: RECORD,
  positionSeconds: 3.5,
  audioIndex: 1,
  isStreaming: false,
  failure: undefined,
  item: undefined,
  isTorrent: false,
  transfer: undefined,
};

const BARE: ItemInfo = {
  durationSeconds: undefined,
  fileSizeBytes: undefined,
  canSeek: false,
  chapters: [],
  audio: [],
  subtitles: [],
  video: undefined,
  variants: [],
  why: [],
};

const TRANSFER: TransferInfo = { infoHash: 'aa', peers: 5, downloadSpeed: 1500, progress: 12.3, sizeBytes: 700 };

/** The reply about a session that has just begun. */
const BEGUN: SessionInfo = {
  id: 'one',
  source: '/film.mkv',
  kind: 'http',
  createdAt: '1970-01-01T00:00:00.001Z',
  startTime: 2,
  status: 'starting',
  durationSeconds: 0,
  chapters: [],
  audioIndex: 1,
  availableStreams: [],
  isTorrent: false,
  progress: 0,
  peers: 0,
  downloadSpeed: '0 B/s',
  fileSize: 0,
  canSeek: false,
  position: 3.5,
  variants: [],
  why: [],
};

const OF_TORRENT = { kind: 'torrent', isTorrent: true };
const OF_TRANSFER = { ...OF_TORRENT, torrentInfoHash: 'aa', progress: 12.3, peers: 5, downloadSpeed: '1.5 kB/s' };

suite('states', () => {
  const ROWS: [what: string, state: Partial<SessionState>, expected: Partial<SessionInfo>][] = [
    ['not opened yet', {}, {}],
    ['not opened yet, though a segment was requested', { isStreaming: true }, {}],
    ['opened', { item: BARE }, { status: 'ready', progress: 100 }],
    ['playing', { item: BARE, isStreaming: true }, { status: 'streaming', progress: 100 }],
    [
      'failed with a sentence',
      { failure: new AppError('SOURCE_NOT_FOUND', 'The file is gone') },
      { status: 'error', error: 'The file is gone' },
    ],
    [
      'failed with an internal error, of which nothing is told',
      { failure: new Error('/secret/path'), item: BARE, isStreaming: true },
      { status: 'error', error: 'The source could not be opened', progress: 100 },
    ],
    ['failed with null', { failure: null }, { status: 'error', error: 'The source could not be opened' }],
    ['a torrent of which nothing is known', { isTorrent: true }, OF_TORRENT],
    [
      'a torrent that is opened, of which nothing is known',
      { isTorrent: true, item: BARE },
      { ...OF_TORRENT, status: 'ready' },
    ],
    ['a torrent that downloads', { isTorrent: true, transfer: TRANSFER }, { ...OF_TRANSFER, fileSize: 700 }],
    ['a URL that named a torrent', { transfer: TRANSFER }, { ...OF_TRANSFER, fileSize: 700 }],
    ['a torrent without a size', { transfer: { ...TRANSFER, sizeBytes: undefined } }, OF_TRANSFER],
    [
      'the size of the item goes before that of the torrent',
      { transfer: TRANSFER, item: { ...BARE, fileSizeBytes: 600, durationSeconds: 60, canSeek: true } },
      { ...OF_TRANSFER, status: 'ready', fileSize: 600, durationSeconds: 60, canSeek: true },
    ],
  ];
  for (const [what, state, expected] of ROWS)
    test(what, () => assert.deepEqual(sessionInfo({ ...STARTING, ...state }), { ...BEGUN, ...expected }));
});

suite('download speeds, rounded', () => {
  const ROWS: [bytesPerSecond: number, expected: string][] = [
    [0, '0 B/s'],
    [0.4, '0 B/s'],
    [1, '1 B/s'],
    [999, '999 B/s'],
    [999.5, '1.0 kB/s'],
    [1000, '1.0 kB/s'],
    [1049, '1.0 kB/s'],
    [1051, '1.1 kB/s'],
    [999_949, '999.9 kB/s'],
    [999_951, '1.0 MB/s'],
    [999_999, '1.0 MB/s'],
    [5_200_000, '5.2 MB/s'],
    [999_999_999, '1.0 GB/s'],
    [12_345_678_900, '12.3 GB/s'],
    [5_000_000_000_000, '5000.0 GB/s'],
  ];
  for (const [downloadSpeed, expected] of ROWS)
    test(expected, () =>
      assert.equal(sessionInfo({ ...STARTING, transfer: { ...TRANSFER, downloadSpeed } }).downloadSpeed, expected),
    );
});

suite('facts of the item', () => {
  const audio: Omit<AudioInfo, 'codec'> = {
    language: 'de',
    title: 'Ton',
    isDefault: true,
    role: 'main',
    channels: undefined,
    reason: undefined,
  };
  const subtitle = { codec: 'subrip', language: 'en', title: '', isDefault: false, isForced: true, reason: undefined };
  const video = { codec: 'hevc', width: 3840, height: 2160, frameRate: undefined, hdr: undefined, reason: undefined };
  const variant = { bandwidth: 1, averageBandwidth: 1, codecs: 'c', frameRate: undefined, videoRange: undefined };
  const plain = { language: 'de', title: 'Ton', default: true };
  const ROWS: [what: string, item: Partial<ItemInfo>, expected: Partial<SessionInfo>][] = [
    [
      'audio tracks are numbered, and unknown members are left out',
      {
        audio: [
          { ...audio, codec: 'aac', channels: 6 },
          { ...audio, codec: undefined, reason: 'Broken' },
        ],
      },
      {
        availableStreams: [
          { index: 0, type: 'audio', codec: 'aac', ...plain, channels: 6 },
          { index: 1, type: 'audio', codec: '', ...plain, reason: 'Broken' },
        ],
      },
    ],
    [
      'subtitles are numbered by themselves: each has an address or a reason',
      { audio: [{ ...audio, codec: 'aac' }], subtitles: [{ ...subtitle, reason: 'Pictures' }, subtitle] },
      {
        availableStreams: [
          { index: 0, type: 'audio', codec: 'aac', ...plain },
          {
            index: 0,
            type: 'subtitle',
            codec: 'subrip',
            language: 'en',
            title: '',
            default: false,
            forced: true,
            reason: 'Pictures',
          },
          {
            index: 1,
            type: 'subtitle',
            codec: 'subrip',
            language: 'en',
            title: '',
            default: false,
            forced: true,
            url: '/sessions/one/subtitles/1.vtt',
          },
        ],
      },
    ],
    ['video', { video }, { video: { codec: 'hevc', width: 3840, height: 2160 } }],
    [
      'all of the video',
      { video: { ...video, frameRate: 24, hdr: 'PQ', reason: 'Unknown' } },
      { video: { codec: 'hevc', width: 3840, height: 2160, frameRate: 24, hdr: 'PQ', reason: 'Unknown' } },
    ],
    [
      'chapters',
      { chapters: [{ startSeconds: 0, endSeconds: 1.5, title: 'One' }] },
      { chapters: [{ startTime: 0, endTime: 1.5, title: 'One' }] },
    ],
    [
      'variants, of which some are audio alone',
      {
        variants: [
          { ...variant, name: 'v', width: 16, height: 9 },
          { ...variant, name: 'a', width: undefined, height: undefined },
        ],
      },
      {
        variants: [
          { name: 'v', bandwidth: 1, codecs: 'c', width: 16, height: 9 },
          { name: 'a', bandwidth: 1, codecs: 'c' },
        ],
      },
    ],
    ['reasons', { why: ['Because'] }, { why: ['Because'] }],
  ];
  for (const [what, item, expected] of ROWS)
    test(what, () =>
      assert.deepEqual(sessionInfo({ ...STARTING, item: { ...BARE, ...item } }), {
        ...BEGUN,
        status: 'ready',
        progress: 100,
        ...expected,
      }),
    );
});
