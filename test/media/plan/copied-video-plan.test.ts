// Where copied video is cut, why it is not copied, and the bit rates of its segments. Times are seconds unless the row has a clock of its own.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { MUXED, MULTIVARIANT, type VideoCopies } from '../../../src/media/plan/capabilities.ts';
import { planCopiedVideo, reasonsToEncodeVideo } from '../../../src/media/plan/copied-video-plan.ts';
import type { MediaFacts } from '../../../src/media/model/facts.ts';
import { factsOf } from '../../support/facts/media-facts.ts';

const HZ = 90_000;

function copiesOf({ video }: { video: { copies: VideoCopies | undefined } }): VideoCopies {
  assert.ok(video.copies);
  return video.copies;
}

const ANY = copiesOf(MULTIVARIANT);

/** Numbers from `first`, `step` apart, before `end`. */
function every(step: number, end: number, first = 0): number[] {
  return Array.from({ length: Math.ceil((end - first) / step) }, (_, index) => first + index * step);
}

function film(keyframes: number[], durationSeconds: number, more: Partial<MediaFacts> = {}): MediaFacts {
  const ticks = keyframes.map((seconds) => Math.round(seconds * HZ));
  const facts = { durationSeconds, videoSeconds: durationSeconds, ...more };
  return factsOf({ table: { keyframes: ticks }, facts });
}

suite('cuts', () => {
  const ROWS: { what: string; facts: MediaFacts; boundaries: number[]; from?: number[] }[] = [
    {
      what: 'at each keyframe of the first ten seconds, then at the first one of each period of six',
      facts: film(every(2, 20), 20),
      boundaries: [0, 2, 4, 6, 8, 12, 18, 20],
    },
    {
      what: 'at the start at least a second after the last cut',
      facts: film(every(0.5, 4), 4),
      boundaries: [0, 1, 2, 3, 4],
    },
    {
      what: 'a second counts from the last cut, not from a grid',
      facts: film(every(0.75, 4), 4),
      boundaries: [0, 1.5, 3, 4],
    },
    {
      what: 'at a keyframe late in a period if it is the first one of the period',
      facts: film([0, 11, 13, 17.9, 18], 20),
      boundaries: [0, 11, 13, 18, 20],
    },
    { what: 'one keyframe: one segment', facts: film([0], 7), boundaries: [0, 7] },
    {
      what: 'twelve seconds between keyframes',
      facts: film([0, 12, 24], 36),
      boundaries: [0, 12, 24, 36],
    },
    {
      what: 'the clock of the source begins later',
      facts: film([100, 102, 104], 6, { origin: { ticks: 100 * HZ, timeBase: { num: 1, den: HZ } } }),
      boundaries: [0, 2, 4, 6],
      from: [100, 102, 104],
    },
    {
      what: 'audio begins first: the first segment begins with the presentation',
      facts: film([0.5, 2.5], 4, { videoStartSeconds: 0.5 }),
      boundaries: [0, 2.5, 4],
      from: [0.5, 2.5],
    },
    {
      what: 'audio that ends 0.1 s later does not extend the last segment',
      facts: film([0, 2], 4.1, { videoSeconds: 4 }),
      boundaries: [0, 2, 4],
    },
    {
      what: 'audio that ends a second later extends it',
      facts: film([0, 2], 5, { videoSeconds: 4 }),
      boundaries: [0, 2, 5],
    },
    {
      what: 'a stated end before the last keyframe: the last segment has a length nevertheless',
      facts: film([0, 2, 4], 3),
      boundaries: [0, 2, 4, 4 + 1 / HZ],
    },
  ];
  for (const { what, facts, boundaries, from = boundaries.slice(0, -1) } of ROWS)
    test(what, () => {
      const plan = planCopiedVideo(facts, ANY);
      assert.deepEqual(plan?.timeline, {
        timescale: HZ,
        boundaries: boundaries.map((seconds) => Math.round(seconds * HZ)),
      });
      const ticks = from.map((seconds) => seconds * HZ);
      assert.deepEqual(
        plan?.cuts,
        ticks.map((fromTicks, index) => ({ fromTicks, toTicks: ticks[index + 1] })),
      );
    });

  test('times in milliseconds become the exact times of the frames on the grid', () => {
    // Frames 50 and 100 of 24000/1001 a second begin at 2.0854 s and 4.1708 s.
    const timeBase = { num: 1, den: 1000 };
    const facts = factsOf({
      video: { timeBase },
      table: { keyframes: [0, 2085, 4171], frameGrid: { num: 24_000, den: 1001 } },
      facts: { durationSeconds: 6.006, videoSeconds: 6.006, origin: { ticks: 0, timeBase } },
    });
    const plan = planCopiedVideo(facts, ANY);
    assert.deepEqual(plan?.timeline, { timescale: 24_000, boundaries: [0, 50 * 1001, 100 * 1001, 144 * 1001] });
    assert.deepEqual(
      plan?.cuts.map(({ fromTicks }) => fromTicks),
      [0, 2085, 4171],
    );
  });

  test('a clock too coarse for decode times is multiplied', () => {
    const timeBase = { num: 1, den: 600 };
    const facts = factsOf({
      video: { timeBase },
      table: { keyframes: [0, 1200] },
      facts: { durationSeconds: 4, videoSeconds: 4, origin: { ticks: 0, timeBase } },
    });
    assert.deepEqual(planCopiedVideo(facts, ANY)?.timeline, { timescale: 10_200, boundaries: [0, 20_400, 40_800] });
  });
});

suite('reasons to encode', () => {
  const ROWS: { what: string; facts: MediaFacts; copies?: VideoCopies; codes: string[] }[] = [
    { what: 'none', facts: film(every(2, 20), 20), codes: [] },
    { what: 'no video', facts: factsOf({ video: null, table: null }), codes: [] },
    { what: 'more than twelve seconds between keyframes', facts: film([0, 12.5], 14), codes: ['video-keyframes-far'] },
    { what: 'in the middle', facts: film([0, 2, 15, 17], 20), codes: ['video-keyframes-far'] },
    { what: 'after the last keyframe', facts: film([0, 2], 14.5), codes: ['video-keyframes-far'] },
    {
      what: 'a first picture that stays for long while audio plays',
      facts: film([10, 13], 15, { videoStartSeconds: 10 }),
      codes: ['video-keyframes-far'],
    },
    {
      what: 'an unusable first keyframe hides what the distances say',
      facts: factsOf({ table: { startsClean: false, keyframes: [0] } }),
      codes: ['video-keyframes-unusable'],
    },
    {
      what: 'a codec that the client does not know: its cuts do not matter',
      facts: factsOf({ video: { codec: 'mpeg4', rotationDegrees: 90 }, table: null }),
      codes: ['video-codec'],
    },
    {
      what: 'several at once',
      facts: factsOf({ video: { interlaced: true, codecString: '' }, table: null }),
      codes: ['video-interlaced', 'video-no-parameter-sets', 'video-no-index'],
    },
    {
      what: 'a second of audio alone, where the first frame may stay as long',
      facts: factsOf({ facts: { videoStartSeconds: 1 } }),
      copies: copiesOf(MUXED),
      codes: [],
    },
    {
      what: 'longer',
      facts: factsOf({ facts: { videoStartSeconds: 1.04 } }),
      copies: copiesOf(MUXED),
      codes: ['video-starts-late'],
    },
    {
      what: 'two frames a second, where that is the least',
      facts: factsOf({ video: { frameRate: { num: 2, den: 1 } } }),
      copies: copiesOf(MUXED),
      codes: [],
    },
    {
      what: 'fewer',
      facts: factsOf({ video: { frameRate: { num: 1999, den: 1000 } } }),
      copies: copiesOf(MUXED),
      codes: ['video-frame-rate'],
    },
  ];
  for (const { what, facts, copies = ANY, codes } of ROWS)
    test(what, () => {
      assert.deepEqual(
        reasonsToEncodeVideo(facts, copies).map(({ code }) => code),
        codes,
      );
      const isCopied = planCopiedVideo(facts, copies) !== undefined;
      assert.equal(isCopied, codes.length === 0 && facts.description.video !== undefined);
    });
});

suite('bit rates', () => {
  // Segments of 2 s with 1,000, 1,000 and 2,000 bytes.
  const atKeyframes = [500, 1500, 2500, 4500];
  const ROWS: { what: string; ofAllTracks: boolean; audioBitRate: number | undefined; rates: object | undefined }[] = [
    {
      what: 'of the video alone',
      ofAllTracks: false,
      audioBitRate: 1000,
      rates: { peak: 8000, average: (4000 * 8) / 6 },
    },
    {
      what: 'without that of the audio between the frames',
      ofAllTracks: true,
      audioBitRate: 1000,
      rates: { peak: 7000, average: (4000 * 8) / 6 - 1000 },
    },
    {
      what: 'audio that states none',
      ofAllTracks: true,
      audioBitRate: undefined,
      rates: { peak: 8000, average: 32_000 / 6 },
    },
    { what: 'audio that states more than the file has', ofAllTracks: true, audioBitRate: 9000, rates: undefined },
  ];
  for (const { what, ofAllTracks, audioBitRate, rates } of ROWS)
    test(what, () => {
      const facts = factsOf({
        audio: [{ bitRate: audioBitRate }],
        table: { keyframes: [0, 2 * HZ, 4 * HZ], positions: { atKeyframes, ofAllTracks } },
        facts: { durationSeconds: 6, videoSeconds: 6 },
      });
      assert.deepEqual(planCopiedVideo(facts, ANY)?.rates, rates);
    });
});
