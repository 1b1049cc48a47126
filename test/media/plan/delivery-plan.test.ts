// What each client gets of sources of many shapes: the whole table of decisions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAST, CLIP, MULTIVARIANT, MUXED } from '../../../src/media/plan/capabilities.ts';
import { planDelivery, whyNothingPlays } from '../../../src/media/plan/delivery-plan.ts';
import { SHAPES } from '../../support/facts/delivery-shapes.ts';
import { summaryOf } from '../../support/facts/delivery-summary.ts';
import { factsOf } from '../../support/facts/media-facts.ts';

const CLIENTS = [MULTIVARIANT, MUXED, CAST, CLIP];
const LADDER = '1080p=1920x1080@40 720p=1280x720@31 480p=854x480@30 360p=640x360@30';

/** By the name of the shape: what the four clients get. */
const EXPECTED: Record<string, [multivariant: string, muxed: string, cast: string, clip: string]> = {
  'plain H.264 and AAC': [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=copy+copy2',
    'cast-0=copy+copy2',
    'clip-0=1920x1080@40+aac2',
  ],
  'H.264 at level 3.1': [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=copy+copy2',
    'cast-0=copy+copy2',
    'clip-0=1920x1080@40+aac2',
  ],
  'H.264 at level 4.2': [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=copy+copy2',
    'cast-0=1920x1080@40+copy2; video-level',
    'clip-0=1920x1080@40+aac2',
  ],
  'H.264 at level 5.1 in 4K': [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=copy+copy2',
    'cast-0=1920x1080@40+copy2; video-level',
    'clip-0=1920x1080@40+aac2',
  ],
  '60 frames a second in 1080p': [
    'original=copy 1080p=1920x1080@42 720p=1280x720@32 480p=854x480@31 360p=640x360@31 audio-0=copy2',
    'muxed-0=copy+copy2',
    'cast-0=1280x720@32+copy2; video-level',
    'clip-0=1920x1080@42+aac2',
  ],
  '60 frames a second in 720p': [
    'original=copy 720p=1280x720@32 480p=854x480@31 360p=640x360@31 audio-0=copy2',
    'muxed-0=copy+copy2',
    'cast-0=copy+copy2',
    'clip-0=1280x720@32+aac2',
  ],
  'H.264 in 10 bit': [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=1920x1080@40+copy2; video-format',
    'cast-0=1920x1080@40+copy2; video-format',
    'clip-0=1920x1080@40+aac2',
  ],
  'H.264 in 4:2:2': [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=1920x1080@40+copy2; video-format',
    'cast-0=1920x1080@40+copy2; video-format',
    'clip-0=1920x1080@40+aac2',
  ],
  HEVC: [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=1920x1080@40+copy2; video-codec',
    'cast-0=1920x1080@40+copy2; video-codec',
    'clip-0=1920x1080@40+aac2',
  ],
  'HEVC in 10 bit': [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=1920x1080@40+copy2; video-codec',
    'cast-0=1920x1080@40+copy2; video-codec',
    'clip-0=1920x1080@40+aac2',
  ],
  'HEVC in 4K without a decoder': [
    'original=copy audio-0=copy2',
    'muxed-0=copy2; video-codec; video-undecodable',
    'cast-0=copy2; video-codec; video-undecodable',
    'clip-0=aac2; video-undecodable',
  ],
  VP9: [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=1920x1080@40+copy2; video-codec',
    'cast-0=1920x1080@40+copy2; video-codec',
    'clip-0=1920x1080@40+aac2',
  ],
  AV1: [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=1920x1080@40+copy2; video-codec',
    'cast-0=1920x1080@40+copy2; video-codec',
    'clip-0=1920x1080@40+aac2',
  ],
  'MPEG-2': [
    `${LADDER} audio-0=copy2; video-codec`,
    'muxed-0=1920x1080@40+copy2; video-codec',
    'cast-0=1920x1080@40+copy2; video-codec',
    'clip-0=1920x1080@40+aac2',
  ],
  'MPEG-4 Visual, small': [
    '180p=320x180@30 audio-0=copy2; video-codec',
    'muxed-0=320x180@30+copy2; video-codec',
    'cast-0=320x180@30+copy2; video-codec',
    'clip-0=320x180@30+aac2',
  ],
  'a codec without a decoder': [
    'audio-0=copy2; video-codec; video-undecodable',
    'muxed-0=copy2; video-codec; video-undecodable',
    'cast-0=copy2; video-codec; video-undecodable',
    'clip-0=aac2; video-undecodable',
  ],
  'H.264 without parameter sets': [
    `${LADDER} audio-0=copy2; video-no-parameter-sets`,
    'muxed-0=1920x1080@40+copy2; video-no-parameter-sets',
    'cast-0=1920x1080@40+copy2; video-no-parameter-sets',
    'clip-0=1920x1080@40+aac2',
  ],
  'interlaced H.264': [
    `${LADDER} audio-0=copy2; video-interlaced`,
    'muxed-0=1920x1080@40+copy2; video-interlaced',
    'cast-0=1920x1080@40+copy2; video-interlaced',
    'clip-0=1920x1080@40+aac2',
  ],
  'interlaced MPEG-2': [
    `${LADDER} audio-0=copy2; video-codec; video-interlaced`,
    'muxed-0=1920x1080@40+copy2; video-codec; video-interlaced',
    'cast-0=1920x1080@40+copy2; video-codec; video-interlaced',
    'clip-0=1920x1080@40+aac2',
  ],
  'decode times only': [
    `${LADDER} audio-0=copy2; video-no-presentation-times`,
    'muxed-0=1920x1080@40+copy2; video-no-presentation-times',
    'cast-0=1920x1080@40+copy2; video-no-presentation-times',
    'clip-0=1920x1080@40+aac2',
  ],
  'frames without times': [
    `${LADDER} audio-0=copy2; video-no-presentation-times`,
    'muxed-0=1920x1080@40+copy2; video-no-presentation-times',
    'cast-0=1920x1080@40+copy2; video-no-presentation-times',
    'clip-0=1920x1080@40+aac2',
  ],
  'changing parameter sets': [
    `${LADDER} audio-0=copy2; video-changes`,
    'muxed-0=1920x1080@40+copy2; video-changes',
    'cast-0=1920x1080@40+copy2; video-changes',
    'clip-0=1920x1080@40+aac2',
  ],
  'rotated by 90 degrees': [
    '1080p=1080x1920@40 720p=720x1280@40 480p=480x854@40 360p=360x640@31 audio-0=copy2; video-rotated',
    'muxed-0=1080x1920@40+copy2; video-rotated',
    'cast-0=1080x1920@40+copy2; video-rotated',
    'clip-0=1080x1920@40+aac2',
  ],
  'rotated by 180 degrees': [
    `${LADDER} audio-0=copy2; video-rotated`,
    'muxed-0=1920x1080@40+copy2; video-rotated',
    'cast-0=1920x1080@40+copy2; video-rotated',
    'clip-0=1920x1080@40+aac2',
  ],
  'an upright film': [
    'original=copy 720p=720x1280@40 480p=480x854@40 360p=360x640@31 audio-0=copy2',
    'muxed-0=copy+copy2',
    'cast-0=copy+copy2',
    'clip-0=720x1280@40+aac2',
  ],
  'anamorphic SD': [
    'original=copy 576p=1024x576@31 480p=854x480@30 360p=640x360@30 audio-0=copy2',
    'muxed-0=copy+copy2',
    'cast-0=copy+copy2',
    'clip-0=1024x576@31+aac2',
  ],
  'no index of keyframes': [
    `${LADDER} audio-0=copy2; video-no-index`,
    'muxed-0=1920x1080@40+copy2; video-no-index',
    'cast-0=1920x1080@40+copy2; video-no-index',
    'clip-0=1920x1080@40+aac2',
  ],
  'an edit list between keyframes': [
    `${LADDER} audio-0=copy2; video-edited`,
    'muxed-0=1920x1080@40+copy2; video-edited',
    'cast-0=1920x1080@40+copy2; video-edited',
    'clip-0=1920x1080@40+aac2',
  ],
  'keyframes that are no decoding starts': [
    `${LADDER} audio-0=copy2; video-keyframes-unusable`,
    'muxed-0=1920x1080@40+copy2; video-keyframes-unusable',
    'cast-0=1920x1080@40+copy2; video-keyframes-unusable',
    'clip-0=1920x1080@40+aac2',
  ],
  'one keyframe': [
    `${LADDER} audio-0=copy2; video-keyframes-far`,
    'muxed-0=1920x1080@40+copy2; video-keyframes-far',
    'cast-0=1920x1080@40+copy2; video-keyframes-far',
    'clip-0=1920x1080@40+aac2',
  ],
  'keyframes 13 s apart': [
    `${LADDER} audio-0=copy2; video-keyframes-far`,
    'muxed-0=1920x1080@40+copy2; video-keyframes-far',
    'cast-0=1920x1080@40+copy2; video-keyframes-far',
    'clip-0=1920x1080@40+aac2',
  ],
  'keyframes 11 s apart': [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=copy+copy2',
    'cast-0=copy+copy2',
    'clip-0=1920x1080@40+aac2',
  ],
  'sound that begins 3 s before the picture': [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=1920x1080@40+copy2; video-starts-late',
    'cast-0=1920x1080@40+copy2; video-starts-late',
    'clip-0=1920x1080@40+aac2',
  ],
  'sound that begins 0.5 s before the picture': [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=copy+copy2',
    'cast-0=copy+copy2',
    'clip-0=1920x1080@40+aac2',
  ],
  'one frame a second': [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=1920x1080@40+copy2; video-frame-rate',
    'cast-0=1920x1080@40+copy2; video-frame-rate',
    'clip-0=1920x1080@40+aac2',
  ],
  'a picture that lasts 20 s of 60': [
    `original=copy ${LADDER} audio-0=copy2`,
    'muxed-0=copy+copy2',
    'cast-0=copy+copy2',
    'clip-0=1920x1080@40+aac2',
  ],
  'AAC 5.1': [
    `original=copy ${LADDER} audio-0=copy6`,
    'muxed-0=copy+copy6',
    'cast-0=copy+aac2; audio-profile',
    'clip-0=1920x1080@40+aac2',
  ],
  'AAC Main': [
    `original=copy ${LADDER} audio-0=aac2; audio-profile`,
    'muxed-0=copy+aac2; audio-profile',
    'cast-0=copy+aac2; audio-profile',
    'clip-0=1920x1080@40+aac2',
  ],
  'AC-3 5.1': [
    `original=copy ${LADDER} audio-0=aac2; audio-codec`,
    'muxed-0=copy+aac2; audio-codec',
    'cast-0=copy+aac2; audio-codec',
    'clip-0=1920x1080@40+aac2',
  ],
  'AC-3 mono': [
    `original=copy ${LADDER} audio-0=aac1; audio-codec`,
    'muxed-0=copy+aac1; audio-codec',
    'cast-0=copy+aac1; audio-codec',
    'clip-0=1920x1080@40+aac1',
  ],
  'AAC and AC-3': [
    `original=copy ${LADDER} audio-0=copy2 audio-1=aac2`,
    'muxed-0=copy+copy2 muxed-1=copy+aac2',
    'cast-0=copy+copy2 cast-1=copy+aac2',
    'clip-0=1920x1080@40+aac2 clip-1=1920x1080@40+aac2',
  ],
  'AC-3 and AAC': [
    `original=copy ${LADDER} audio-0=aac2 audio-1=copy2; audio-codec`,
    'muxed-0=copy+aac2 muxed-1=copy+copy2; audio-codec',
    'cast-0=copy+aac2 cast-1=copy+copy2; audio-codec',
    'clip-0=1920x1080@40+aac2 clip-1=1920x1080@40+aac2',
  ],
  'audio without a decoder': [
    `original=copy ${LADDER} audio-0=silence2; audio-codec; audio-undecodable`,
    'muxed-0=copy+silence2; audio-codec; audio-undecodable',
    'cast-0=copy+silence2; audio-codec; audio-undecodable',
    'clip-0=1920x1080@40+silence2; audio-undecodable',
  ],
  'audio with and without a decoder': [
    `original=copy ${LADDER} audio-0=copy2 audio-1=silence2; audio-undecodable`,
    'muxed-0=copy+copy2 muxed-1=copy+silence2; audio-undecodable',
    'cast-0=copy+copy2 cast-1=copy+silence2; audio-undecodable',
    'clip-0=1920x1080@40+aac2 clip-1=1920x1080@40+silence2; audio-undecodable',
  ],
  'no audio': [`original=copy ${LADDER}`, 'muxed-0=copy', 'cast-0=copy+silence2', 'clip-0=1920x1080@40'],
  'no video': ['audio-0=copy2', 'muxed-0=copy2', 'cast-0=copy2', 'clip-0=aac2'],
  'no video, AC-3': [
    'audio-0=aac2; audio-codec',
    'muxed-0=aac2; audio-codec',
    'cast-0=aac2; audio-codec',
    'clip-0=aac2',
  ],
  'no video, audio without a decoder': [
    'audio-0=silence2; audio-codec; audio-undecodable',
    'muxed-0=silence2; audio-codec; audio-undecodable',
    'cast-0=silence2; audio-codec; audio-undecodable',
    'clip-0=silence2; audio-undecodable',
  ],
  'HEVC and AC-3': [
    `original=copy ${LADDER} audio-0=aac2; audio-codec`,
    'muxed-0=1920x1080@40+aac2; video-codec; audio-codec',
    'cast-0=1920x1080@40+aac2; video-codec; audio-codec',
    'clip-0=1920x1080@40+aac2',
  ],
  'interlaced HEVC, edited, AC-3': [
    `${LADDER} audio-0=aac2; video-interlaced; video-edited; audio-codec`,
    'muxed-0=1920x1080@40+aac2; video-codec; video-interlaced; audio-codec',
    'cast-0=1920x1080@40+aac2; video-codec; video-interlaced; audio-codec',
    'clip-0=1920x1080@40+aac2',
  ],
  '4K HEVC at 60 frames a second': [
    'original=copy 1080p=1920x1080@42 720p=1280x720@32 480p=854x480@31 360p=640x360@31 audio-0=copy2',
    'muxed-0=1920x1080@42+copy2; video-codec',
    'cast-0=1280x720@32+copy2; video-codec',
    'clip-0=1920x1080@42+aac2',
  ],
};

test('every shape has its row', () => assert.deepEqual(Object.keys(SHAPES), Object.keys(EXPECTED)));

for (const [shape, rows] of Object.entries(EXPECTED)) {
  for (const [index, client] of CLIENTS.entries()) {
    test(`${shape}, for ${client.name}`, () => {
      assert.equal(summaryOf(planDelivery(factsOf(SHAPES[shape]), client)), rows[index]);
    });
  }
}

test('reasons are clauses for people', () => {
  for (const shape of Object.values(SHAPES))
    for (const client of CLIENTS)
      for (const { sentence } of planDelivery(factsOf(shape), client).why)
        assert.match(sentence, /^[A-Za-z0-9].{8,70}[^.]$/u);
});

test('a source of which nothing can be decoded or copied says so', () => {
  const undecodable = { codec: 'ac4', isDecodable: false };
  assert.equal(whyNothingPlays(factsOf()), undefined);
  assert.match(
    whyNothingPlays(factsOf({ video: { codec: 'vvc', isDecodable: false }, audio: [undecodable] })) ?? '',
    /vvc video/u,
  );
  assert.equal(whyNothingPlays(factsOf({ video: { codec: 'vvc', isDecodable: false } })), undefined);
  assert.match(whyNothingPlays(factsOf({ video: null, table: null, audio: [undecodable] })) ?? '', /ac4 sound/u);
});

test('silence is as long as the film', () => {
  const [silence] = planDelivery(factsOf({ audio: [] }), CAST).audio;
  const seconds = (silence?.timeline.boundaries.at(-1) ?? 0) / (silence?.timeline.timescale ?? 1);
  assert.ok(Math.abs(seconds - 60) < 0.03, `${seconds} s`);
});
