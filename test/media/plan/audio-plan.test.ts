// Which audio is copied, and how its frames are grouped into segments: every expected boundary is a whole number of frames.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { AudioTrack } from '../../../src/media/model/description.ts';
import {
  framesWithin,
  planAudio,
  planSilence,
  reasonsToEncodeAudio,
  whySilent,
} from '../../../src/media/plan/audio-plan.ts';
import { AUDIO, factsOf } from '../../support/facts/media-facts.ts';

const FRAME = 1024;
/** AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1): object type (5 bits), rate (4), channels (4), 960 samples a frame (1), two more flags. */
const CONFIG = {
  stereo: [0x11, 0x90],
  surround: [0x11, 0xb0],
  eightChannels: [0x11, 0xb8],
  main: [0x09, 0x90],
  shortFrames: [0x11, 0x94],
  // Object type 5 around a core of 24 kHz (1.6.5.2).
  highEfficiency: [0x2b, 0x11, 0x88, 0x00],
} as const;

function track(own: Partial<AudioTrack>, configuration: readonly number[] = CONFIG.stereo): AudioTrack {
  return { ...AUDIO, configuration: Uint8Array.from(configuration), ...own };
}

/** A film of `frames` frames of 1,024 samples at 48 kHz. */
function filmOf(frames: number) {
  return factsOf({ facts: { durationSeconds: (frames * FRAME) / 48_000 } });
}

suite('copy or encode', () => {
  const ROWS: { what: string; track: AudioTrack; most?: number; codes: string[] }[] = [
    { what: 'AAC-LC in stereo', track: track({}), codes: [] },
    { what: 'AAC-LC in 5.1', track: track({}, CONFIG.surround), codes: [] },
    {
      what: 'AAC-LC in 5.1 for a client of two channels',
      track: track({}, CONFIG.surround),
      most: 2,
      codes: ['audio-profile'],
    },
    { what: 'AAC-LC in 7.1', track: track({}, CONFIG.eightChannels), codes: ['audio-profile'] },
    { what: 'AAC Main', track: track({}, CONFIG.main), codes: ['audio-profile'] },
    { what: 'frames of 960 samples', track: track({}, CONFIG.shortFrames), codes: ['audio-profile'] },
    { what: 'HE-AAC, whose core is AAC-LC', track: track({}, CONFIG.highEfficiency), codes: [] },
    { what: 'another codec', track: track({ codec: 'eac3' }), codes: ['audio-codec'] },
  ];
  for (const { what, track: own, most, codes } of ROWS)
    test(what, () => {
      assert.deepEqual(
        reasonsToEncodeAudio(own, most).map(({ code }) => code),
        codes,
      );
      assert.equal(planAudio(factsOf(), own, most).track.kind, codes.length ? 'encoded' : 'copied');
    });

  test('HE-AAC is counted in samples of its core', () => {
    const own = track({ sampleRate: 48_000 }, CONFIG.highEfficiency);
    assert.equal(planAudio(factsOf(), own).timeline.timescale, 24_000);
  });

  test('a track without a decoder is silent, unless it is copied', () => {
    assert.equal(whySilent(track({ isDecodable: false })), undefined);
    const own = track({ isDecodable: false, codec: 'ac4', language: 'deu' });
    assert.equal(whySilent(own), 'There is no decoder for ac4 sound');
    const plan = planAudio(factsOf(), own);
    assert.deepEqual(plan.track, { kind: 'silent', sampleRate: 48_000, channels: 2 });
    assert.equal(plan.language, 'deu');
  });
});

suite('encoded tracks', () => {
  const ROWS: { rate: number; channels: number; expected: [rate: number, channels: number, bitRate: number] }[] = [
    { rate: 48_000, channels: 2, expected: [48_000, 2, 192_000] },
    { rate: 44_100, channels: 1, expected: [44_100, 1, 96_000] },
    { rate: 96_000, channels: 6, expected: [48_000, 2, 192_000] },
    { rate: 11_025, channels: 1, expected: [48_000, 1, 96_000] },
    { rate: 0, channels: 0, expected: [48_000, 2, 192_000] },
  ];
  for (const { rate, channels, expected } of ROWS)
    test(`${channels} channels at ${rate} Hz`, () => {
      const { track: made } = planAudio(factsOf(), track({ codec: 'mp3', sampleRate: rate, channels }));
      assert.ok(made.kind === 'encoded');
      assert.deepEqual([made.sampleRate, made.channels, made.bitRate], expected);
    });
});

suite('segments', () => {
  // At 48 kHz a second is 46.875 frames: segments of one second have 47 frames, those of four have 188.
  const ROWS: { what: string; frames: number; codec?: string; expected: number[] }[] = [
    { what: 'four of one second, then of four', frames: 400, expected: [0, 47, 94, 141, 188, 376, 400] },
    { what: 'an end at a boundary', frames: 376, expected: [0, 47, 94, 141, 188, 376] },
    { what: 'less than a second', frames: 20, expected: [0, 20] },
    { what: 'a last frame of 4 % is rounding', frames: 100.04, expected: [0, 47, 94, 100] },
    { what: 'a last frame of 6 % is copied', frames: 100.06, expected: [0, 47, 94, 101] },
    { what: 'a last frame of 49 % is not encoded', frames: 100.49, codec: 'mp3', expected: [0, 47, 94, 100] },
    { what: 'a last frame of 51 % is encoded', frames: 100.51, codec: 'mp3', expected: [0, 47, 94, 101] },
    { what: 'nothing: one frame', frames: 0, expected: [0, 1] },
  ];
  for (const { what, frames, codec = 'aac', expected } of ROWS)
    test(what, () => {
      const { timeline } = planAudio(filmOf(frames), track({ codec }));
      assert.deepEqual(timeline, { timescale: 48_000, boundaries: expected.map((frame) => frame * FRAME) });
    });

  test('silence has the length of the film', () =>
    assert.deepEqual(planSilence(filmOf(100)).timeline.boundaries, [0, 47 * FRAME, 94 * FRAME, 100 * FRAME]));
});

suite('position of the first frame', () => {
  const ROWS: { what: string; startTicks: number; codec?: string; phase: number; end: number }[] = [
    { what: 'at the start', startTicks: 0, phase: 0, end: 10 * FRAME },
    { what: 'within the first frame', startTicks: 500, phase: 500, end: 500 + 10 * FRAME },
    { what: 'behind it: frames before are silent', startTicks: 500 + 3 * FRAME, phase: 500, end: 500 + 10 * FRAME },
    {
      what: 'before the start: the first frame that lies behind it',
      startTicks: -24,
      phase: 1000,
      end: 1000 + 10 * FRAME,
    },
    { what: 'encoded: frames are placed freely', startTicks: 500, codec: 'mp3', phase: 0, end: 10 * FRAME },
  ];
  for (const { what, startTicks, codec = 'aac', phase, end } of ROWS)
    test(what, () => {
      const plan = planAudio(filmOf(10 + phase / FRAME), track({ codec, startTicks }));
      assert.equal(plan.phaseSamples, phase);
      assert.deepEqual(plan.timeline.boundaries, [phase, end]);
    });

  test('the start counts from the origin of the presentation, on another clock', () => {
    const facts = factsOf({ facts: { origin: { ticks: 90_000, timeBase: { num: 1, den: 90_000 } } } });
    assert.equal(planAudio(facts, track({ startTicks: 48_000 + 7 })).phaseSamples, 7);
  });
});

suite('frames of a segment with video', () => {
  const ROWS: {
    what: string;
    phase: number;
    span: [start: number, end: number];
    expected: [start: number, end: number];
  }[] = [
    { what: 'those that start in it', phase: 0, span: [0, 1], expected: [0, 47 * FRAME] },
    { what: 'the next span has the next frames', phase: 0, span: [1, 2], expected: [47 * FRAME, 94 * FRAME] },
    {
      what: 'a frame that starts at the end belongs to the next span',
      phase: 0,
      span: [0, 0.064],
      expected: [0, 3 * FRAME],
    },
    { what: 'from the first frame of the track', phase: 500, span: [0, 1], expected: [500, 500 + 47 * FRAME] },
    {
      what: 'an end that is a rounding error behind the start of a frame',
      phase: 0,
      span: [0, (7 * FRAME) / 48_000],
      expected: [0, 7 * FRAME],
    },
    { what: 'a span between two starts has none', phase: 0, span: [0.001, 0.02], expected: [FRAME, FRAME] },
  ];
  for (const { what, phase, span, expected } of ROWS)
    test(what, () => {
      const plan = planAudio(factsOf(), track({ startTicks: phase }));
      const [startSeconds, endSeconds] = span;
      const [start, end] = expected;
      assert.deepEqual(framesWithin(plan, { startSeconds, endSeconds }), { start, end });
    });
});
