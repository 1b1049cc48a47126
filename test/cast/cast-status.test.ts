// What a caller is told of a device, by what the server started and what the device reports.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { AppError } from '../../src/base/app-error.ts';
import type { CastItem } from '../../src/cast/cast-item.ts';
import { castStatus, sentenceOf, type CastStatus, type CastStatusInput } from '../../src/cast/cast-status.ts';
import type { MediaStatus, PlayState } from '../../src/cast/play-state.ts';

const NOTHING: CastStatusInput = {
  item: undefined,
  media: undefined,
  volume: { level: 0.5, muted: true },
  application: undefined,
  failure: undefined,
};

const IDLE: CastStatus = {
  state: 'idle',
  positionSeconds: 0,
  durationSeconds: 0,
  volume: { level: 0.5, muted: true },
  sessionId: undefined,
  mediaSessionId: undefined,
  title: undefined,
  application: undefined,
  subtitleTrack: undefined,
  error: undefined,
};

const ITEM: CastItem = {
  url: 'http://a/',
  contentType: 'x',
  segmentFormat: undefined,
  title: 'Film',
  durationSeconds: 60,
  startSeconds: 5,
  subtitles: [],
  activeSubtitle: 1,
  sessionId: 's',
  release: () => undefined,
};

function media(state: PlayState, more: Partial<MediaStatus> = {}): MediaStatus {
  return { mediaSessionId: 7, state, positionSeconds: 9, durationSeconds: undefined, activeTrackIds: [], ...more };
}

const OF_ITEM: Partial<CastStatus> = { sessionId: 's', title: 'Film', durationSeconds: 60 };
const OF_MEDIA: Partial<CastStatus> = { mediaSessionId: 7, positionSeconds: 9 };

const ROWS: [what: string, input: Partial<CastStatusInput>, expected: Partial<CastStatus>][] = [
  ['nothing plays', {}, {}],
  ['an application without media', { application: 'Home' }, { application: 'Home' }],
  ['started, but not reported yet', { item: ITEM }, OF_ITEM],
  ['playing', { item: ITEM, media: media('playing') }, { ...OF_ITEM, ...OF_MEDIA, state: 'playing' }],
  [
    'the device knows the duration better',
    { item: ITEM, media: media('paused', { durationSeconds: 61 }) },
    { ...OF_ITEM, ...OF_MEDIA, state: 'paused', durationSeconds: 61 },
  ],
  ['media of another program', { media: media('playing') }, { ...OF_MEDIA, state: 'playing' }],
  [
    'track 1 is the first subtitle',
    { media: media('playing', { activeTrackIds: [1] }) },
    { ...OF_MEDIA, state: 'playing', subtitleTrack: 0 },
  ],
  [
    'the first of several tracks',
    { media: media('playing', { activeTrackIds: [3, 1] }) },
    { ...OF_MEDIA, state: 'playing', subtitleTrack: 2 },
  ],
  ['the end', { item: ITEM, media: media('finished') }, { ...OF_ITEM, ...OF_MEDIA, state: 'finished' }],
  ['stopped on purpose', { media: media('stopped') }, { ...OF_MEDIA, state: 'stopped' }],
  [
    'replaced',
    { media: media('taken') },
    { ...OF_MEDIA, state: 'taken', error: 'Something else was started on the device' },
  ],
  [
    'failed',
    { media: media('failed') },
    { ...OF_MEDIA, state: 'failed', error: 'The device could not go on playing this' },
  ],
  [
    'a device that cannot be asked: that goes first',
    { media: media('failed'), failure: new AppError('DEVICE_FAILED', 'It does not answer') },
    { ...OF_MEDIA, state: 'failed', error: 'It does not answer' },
  ],
];

suite('status of a device', () => {
  for (const [what, input, expected] of ROWS)
    test(what, () => assert.deepEqual(castStatus({ ...NOTHING, ...input }), { ...IDLE, ...expected }));
});

suite('why nothing plays', () => {
  const SENTENCES: [state: PlayState, sentence: RegExp][] = [
    ['taken', /Something else/u],
    ['failed', /could not go on/u],
    ['finished', /has ended/u],
    ['stopped', /was stopped/u],
  ];
  for (const [state, sentence] of SENTENCES) test(state, () => assert.match(sentenceOf(state), sentence));
});
