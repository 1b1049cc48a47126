// What cast devices get of pictures and sounds of many shapes.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { planCastAudio, planCastVideo } from '../../src/media/cast-plan.ts';
import type { AudioTrack, VideoTrack } from '../../src/media/description.ts';
import type { MediaFacts } from '../../src/media/facts.ts';

const VIDEO: VideoTrack = {
  streamIndex: 0,
  codec: 'h264',
  isDecodable: true,
  codecString: 'avc1.640029',
  configuration: Uint8Array.of(1, 0x64, 0, 41, 0xff, 0xe1),
  width: 1920,
  height: 1080,
  sampleAspectRatio: { num: 1, den: 1 },
  rotationDegrees: 0,
  bitDepth: 8,
  chroma: '4:2:0',
  interlaced: false,
  reorderFrames: 2,
  hasDecodeTimesOnly: false,
  color: { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
  timeBase: { num: 1, den: 90_000 },
  startTicks: 0,
  frameRate: { num: 25, den: 1 },
  bitRate: undefined,
};
const AUDIO: AudioTrack = {
  streamIndex: 1,
  codec: 'aac',
  isDecodable: true,
  codecString: 'mp4a.40.2',
  // AAC-LC, 48 kHz, two channels.
  configuration: Uint8Array.of(0x11, 0x90),
  sampleRate: 48_000,
  channels: 2,
  language: 'und',
  title: '',
  isDefault: true,
  role: 'main',
  timeBase: { num: 1, den: 48_000 },
  startTicks: 0,
  endTicks: undefined,
  bitRate: undefined,
};

function facts(video: Partial<VideoTrack> | undefined, audio: Partial<AudioTrack>[] = [{}]): MediaFacts {
  const tracks = audio.map((each) => ({ ...AUDIO, ...each }));
  const picture = video && { ...VIDEO, ...video };
  const description = { container: 'mpegts', durationSeconds: 60, video: picture, audio: tracks, subtitles: [] };
  const keyframes = Array.from({ length: 30 }, (_, index) => index * 180_000);
  const table = {
    keyframes,
    frameGrid: undefined,
    startsClean: true,
    hasChanges: false,
    hasUntimed: false,
    isEdited: false,
    positions: undefined,
  };
  const origin = { ticks: 0, timeBase: VIDEO.timeBase };
  return { description, chapters: [], origin, durationSeconds: 60, videoStartSeconds: 0, videoSeconds: 60, table };
}

function pictureOf(shape: Partial<VideoTrack>): string {
  const track = planCastVideo(facts(shape))?.track;
  if (track === undefined) return 'none';
  return track.kind === 'copied' ? 'copied' : `${track.width}x${track.height} level ${track.level}`;
}

const level = (idc: number) => ({ configuration: Uint8Array.of(1, 0x64, 0, idc, 0xff, 0xe1) });
const fast = { frameRate: { num: 60, den: 1 } };

const PICTURES: [what: string, shape: Partial<VideoTrack>, expected: string][] = [
  ['level 4.1', {}, 'copied'],
  ['level 3.1', level(31), 'copied'],
  ['level 4.2', level(42), '1920x1080 level 40'],
  ['level 5.1 in 4K', { ...level(51), width: 3840, height: 2160 }, '1920x1080 level 40'],
  ['60 pictures a second in 1080p, which no level up to 4.1 allows', { ...level(42), ...fast }, '1280x720 level 32'],
  ['60 pictures a second in 720p', { ...level(32), ...fast, width: 1280, height: 720 }, 'copied'],
  ['ten bits', { bitDepth: 10 }, '1920x1080 level 40'],
  ['HEVC', { codec: 'hevc' }, '1920x1080 level 40'],
  ['no parameter sets', { configuration: new Uint8Array(0), codecString: undefined }, '1920x1080 level 40'],
  ['a small picture', { codec: 'mpeg4', width: 320, height: 180 }, '320x180 level 30'],
];

for (const [what, shape, expected] of PICTURES) {
  test(`${what}: ${expected}`, () => assert.equal(pictureOf(shape), expected));
}

test('sound is copied up to two channels, mixed down above, and silent where there is none', () => {
  const kind = (audio: Partial<AudioTrack>[], index = 0) => planCastAudio(facts({}, audio), index)?.track;
  assert.equal(kind([{}])?.kind, 'copied');
  const surround = kind([{ configuration: Uint8Array.of(0x11, 0xb0), channels: 6 }]);
  assert.deepEqual([surround?.kind, surround?.channels], ['encoded', 2]);
  assert.equal(kind([{ codec: 'eac3', channels: 6 }])?.kind, 'encoded');
  assert.equal(kind([{}, { codec: 'ac3' }], 1)?.kind, 'encoded');
  assert.equal(kind([])?.kind, 'silent');
  assert.equal(kind([{}], 1), undefined, 'a track that is not there');
  assert.equal(planCastVideo(facts(undefined)), undefined, 'sound alone');
});

test('silence is as long as the film', () => {
  const plan = planCastAudio(facts({}, []), 0);
  const seconds = (plan?.timeline.boundaries.at(-1) ?? 0) / (plan?.timeline.timescale ?? 1);
  assert.ok(Math.abs(seconds - 60) < 0.03, `${seconds} s`);
});
