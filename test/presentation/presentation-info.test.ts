// What sessions say about a presentation, from its description alone.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { AudioTrack, MediaDescription, SubtitleTrack, VideoTrack } from '../../src/media/model/description.ts';
import type { AudioInfo, SubtitleInfo, VideoInfo } from '../../src/presentation/item-info.ts';
import { presentationInfo } from '../../src/presentation/presentation-info.ts';
import type { Presentation, Variant } from '../../src/presentation/presentation.ts';
import { AUDIO, VIDEO } from '../support/facts/media-facts.ts';

const WITH_VIDEO: Variant = {
  name: 'original',
  bandwidth: 5_000_000,
  averageBandwidth: 4_000_000,
  codecs: 'avc1.640029,mp4a.40.2',
  width: 1920,
  height: 1080,
  frameRate: 25,
  videoRange: 'SDR',
};
const AUDIO_ONLY: Variant = { ...WITH_VIDEO, width: undefined, height: undefined, codecs: 'mp4a.40.2' };

function presentationOf(description: Partial<MediaDescription>, variants: Variant[] = [WITH_VIDEO]): Presentation {
  const unused = () => assert.fail('not a fact');
  return {
    description: {
      container: 'matroska,webm',
      durationSeconds: 60,
      video: VIDEO,
      audio: [],
      subtitles: [],
      ...description,
    },
    chapters: [{ startSeconds: 0, endSeconds: 60, title: 'One' }],
    durationSeconds: 61.5,
    fileSizeBytes: 7,
    canSeek: false,
    why: ['Video is encoded'],
    variants,
    audioRenditions: [],
    targetDurationSeconds: 4,
    ...{ rendition: unused, subtitles: unused, clip: unused, releaseViewer: unused, muxed: unused },
    [Symbol.asyncDispose]: unused,
  };
}

test('facts that are passed on', () => {
  const { durationSeconds, fileSizeBytes, canSeek, chapters, variants, why } = presentationInfo(presentationOf({}));
  assert.deepEqual(
    { durationSeconds, fileSizeBytes, canSeek, chapters, variants, why },
    {
      durationSeconds: 61.5,
      fileSizeBytes: 7,
      canSeek: false,
      chapters: [{ startSeconds: 0, endSeconds: 60, title: 'One' }],
      variants: [WITH_VIDEO],
      why: ['Video is encoded'],
    },
  );
});

suite('video', () => {
  const DEFAULTS: VideoInfo = {
    codec: 'h264',
    width: 1920,
    height: 1080,
    frameRate: 25,
    hdr: undefined,
    reason: undefined,
  };
  const color = (transfer: number) => ({ color: { ...VIDEO.color, transfer } });
  const ROWS: { what: string; track: Partial<VideoTrack>; variants?: Variant[]; differs: Partial<VideoInfo> }[] = [
    { what: 'plain', track: {}, differs: {} },
    { what: 'upright', track: { rotationDegrees: 90 }, differs: { width: 1080, height: 1920 } },
    { what: 'upright, the other way', track: { rotationDegrees: 270 }, differs: { width: 1080, height: 1920 } },
    { what: 'upside down', track: { rotationDegrees: 180 }, differs: {} },
    { what: 'PQ', track: color(16), differs: { hdr: 'PQ' } },
    { what: 'HLG', track: color(18), differs: { hdr: 'HLG' } },
    { what: 'BT.709', track: color(1), differs: {} },
    {
      what: 'a fraction as the rate',
      track: { frameRate: { num: 24_000, den: 1001 } },
      differs: { frameRate: 24_000 / 1001 },
    },
    { what: 'an unknown rate', track: { frameRate: { num: 0, den: 1 } }, differs: { frameRate: undefined } },
    {
      what: 'a rate without a denominator',
      track: { frameRate: { num: 25, den: 0 } },
      differs: { frameRate: undefined },
    },
    {
      what: 'a codec without a decoder that is played all the same',
      track: { codec: 'vvc', isDecodable: false },
      differs: { codec: 'vvc' },
    },
    {
      what: 'a codec without a decoder: audio alone is played',
      track: { codec: 'vvc', isDecodable: false },
      variants: [AUDIO_ONLY],
      differs: { codec: 'vvc', reason: 'There is no decoder for vvc video' },
    },
    { what: 'one of two variants has video', track: {}, variants: [AUDIO_ONLY, WITH_VIDEO], differs: {} },
  ];
  for (const { what, track, variants, differs } of ROWS)
    test(what, () =>
      assert.deepEqual(presentationInfo(presentationOf({ video: { ...VIDEO, ...track } }, variants)).video, {
        ...DEFAULTS,
        ...differs,
      }),
    );

  test('there is none', () => assert.equal(presentationInfo(presentationOf({ video: undefined })).video, undefined));
});

suite('audio', () => {
  const DEFAULTS: AudioInfo = {
    codec: 'aac',
    language: 'und',
    title: '',
    channels: 2,
    isDefault: true,
    role: 'main',
    reason: undefined,
  };
  const ROWS: { what: string; track: Partial<AudioTrack>; differs: Partial<AudioInfo> }[] = [
    { what: 'plain', track: {}, differs: {} },
    {
      what: 'a commentary in another language',
      track: { language: 'ger', title: 'Kommentar', isDefault: false, role: 'commentary', channels: 1 },
      differs: { language: 'ger', title: 'Kommentar', isDefault: false, role: 'commentary', channels: 1 },
    },
    {
      what: 'no decoder: it is silent',
      track: { codec: 'ac4', isDecodable: false },
      differs: { codec: 'ac4', reason: 'There is no decoder for ac4 sound' },
    },
    { what: 'no decoder, but it is copied', track: { isDecodable: false }, differs: {} },
  ];
  for (const { what, track, differs } of ROWS)
    test(what, () =>
      assert.deepEqual(presentationInfo(presentationOf({ audio: [{ ...AUDIO, ...track }] })).audio, [
        { ...DEFAULTS, ...differs },
      ]),
    );
});

suite('subtitles', () => {
  const PLAIN: SubtitleTrack = {
    streamIndex: 2,
    codec: 'subrip',
    language: 'eng',
    title: 'SDH',
    isDefault: true,
    isForced: false,
  };
  const { streamIndex: _, ...shown } = PLAIN;
  const DEFAULTS: SubtitleInfo = { ...shown, reason: undefined };
  const ROWS: { what: string; track: Partial<SubtitleTrack>; container?: string; differs: Partial<SubtitleInfo> }[] = [
    { what: 'text', track: {}, differs: {} },
    { what: 'forced', track: { isForced: true, isDefault: false }, differs: { isForced: true, isDefault: false } },
    {
      what: 'pictures',
      track: { codec: 'hdmv_pgs_subtitle' },
      differs: { codec: 'hdmv_pgs_subtitle', reason: 'PGS subtitles are pictures, not text' },
    },
    {
      what: 'text in a container of another kind',
      track: {},
      container: 'mpegts',
      differs: { reason: 'Subtitles of type subrip in this container cannot be read as text' },
    },
  ];
  for (const { what, track, container = 'matroska,webm', differs } of ROWS)
    test(what, () =>
      assert.deepEqual(presentationInfo(presentationOf({ container, subtitles: [{ ...PLAIN, ...track }] })).subtitles, [
        { ...DEFAULTS, ...differs },
      ]),
    );
});
