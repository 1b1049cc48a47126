// Times between the demuxer's clock and the presentation's, with fractions that were worked out by hand.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { snapTime, toDemuxer, toTimeline } from '../../../src/media/model/media-clock.ts';

type Fraction = [num: number, den: number];

function rational([num, den]: Fraction): { num: number; den: number } {
  return { num, den };
}

suite('to the timeline', () => {
  const ROWS: {
    what: string;
    ticks: number;
    base: Fraction;
    origin: [ticks: number, base: Fraction];
    timescale: number;
    expected: number;
  }[] = [
    {
      what: 'one second',
      ticks: 90_000,
      base: [1, 90_000],
      origin: [0, [1, 90_000]],
      timescale: 48_000,
      expected: 48_000,
    },
    {
      what: 'from the origin',
      ticks: 93_600,
      base: [1, 90_000],
      origin: [3600, [1, 90_000]],
      timescale: 1000,
      expected: 1000,
    },
    {
      what: 'before the origin',
      ticks: 0,
      base: [1, 90_000],
      origin: [90_000, [1, 90_000]],
      timescale: 1000,
      expected: -1000,
    },
    {
      what: 'the same clock in other terms',
      ticks: 8,
      base: [2, 20],
      origin: [3, [1, 10]],
      timescale: 10,
      expected: 5,
    },
    {
      what: 'a clock twice as slow as that of the origin',
      ticks: 8,
      base: [2, 10],
      origin: [3, [1, 10]],
      timescale: 10,
      expected: 13,
    },
    {
      what: 'an origin on another clock',
      ticks: 1024,
      base: [1, 48_000],
      origin: [90_000, [1, 90_000]],
      timescale: 48_000,
      expected: 1024 - 48_000,
    },
    // 1/3 - 1/4 = 1/12.
    {
      what: 'rounded once, not before the difference',
      ticks: 1,
      base: [1, 3],
      origin: [1, [1, 4]],
      timescale: 6,
      expected: 1,
    },
    { what: 'a half is rounded up', ticks: 1, base: [1, 2], origin: [0, [1, 2]], timescale: 1, expected: 1 },
    {
      what: 'a half below zero is rounded up too',
      ticks: -1,
      base: [1, 2],
      origin: [0, [1, 2]],
      timescale: 1,
      expected: 0,
    },
    {
      what: 'a half below zero, on two clocks',
      ticks: 0,
      base: [1, 2],
      origin: [1, [1, 4]],
      timescale: 2,
      expected: 0,
    },
    {
      what: 'one and a half below zero, on two clocks',
      ticks: 0,
      base: [1, 4],
      origin: [3, [1, 2]],
      timescale: 1,
      expected: -1,
    },
    {
      what: 'a third below zero, on two clocks',
      ticks: 0,
      base: [1, 4],
      origin: [1, [1, 3]],
      timescale: 1,
      expected: 0,
    },
    {
      what: 'two thirds below zero, on two clocks',
      ticks: 0,
      base: [1, 4],
      origin: [2, [1, 3]],
      timescale: 1,
      expected: -1,
    },
    {
      what: 'products beyond 2^53',
      ticks: 1e12 + 1,
      base: [1001, 30_000],
      origin: [0, [1001, 30_000]],
      timescale: 90_000,
      expected: 3_003_000_000_003_003,
    },
    // (1e12 + 1) / 3 * 9 - 9 / 7 * 7
    {
      what: 'products beyond 2^53, on two clocks',
      ticks: 1e12 + 1,
      base: [1, 3],
      origin: [7, [1, 7]],
      timescale: 9,
      expected: 3e12 + 3 - 9,
    },
  ];
  for (const { what, ticks, base, origin, timescale, expected } of ROWS)
    test(what, () => {
      const [originTicks, originBase] = origin;
      const target = { origin: { ticks: originTicks, timeBase: rational(originBase) }, timescale };
      assert.equal(toTimeline(ticks, rational(base), target), expected);
    });

  test('a frame each 1001 ticks never drifts from the times that are computed in whole', () => {
    const target = { origin: { ticks: 0, timeBase: { num: 1, den: 24_000 } }, timescale: 90_000 };
    // 1001 / 24,000 s are 3753.75 ticks.
    for (const [frame, expected] of [
      [1, 3754],
      [2, 7508],
      [3, 11_261],
      [4, 15_015],
      [172_800, 648_648_000],
    ] as const)
      assert.equal(toTimeline(frame * 1001, { num: 1, den: 24_000 }, target), expected);
  });
});

suite('to the demuxer', () => {
  const ROWS: {
    what: string;
    seconds: number;
    base: Fraction;
    origin: [ticks: number, base: Fraction];
    expected: number;
  }[] = [
    { what: 'the start is the origin', seconds: 0, base: [1, 90_000], origin: [3600, [1, 90_000]], expected: 3600 },
    { what: 'from the origin', seconds: 1.5, base: [1, 90_000], origin: [3600, [1, 90_000]], expected: 138_600 },
    {
      what: 'an origin on another clock',
      seconds: 0.25,
      base: [1, 1000],
      origin: [45_000, [1, 90_000]],
      expected: 750,
    },
    { what: 'rounded down', seconds: 0.999, base: [1, 10], origin: [0, [1, 10]], expected: 9 },
    { what: 'rounded down below zero', seconds: -0.5, base: [2, 3], origin: [0, [2, 3]], expected: -1 },
    { what: 'ticks longer than a second', seconds: 7, base: [3, 1], origin: [0, [3, 1]], expected: 2 },
  ];
  for (const { what, seconds, base, origin, expected } of ROWS)
    test(what, () => {
      const [ticks, originBase] = origin;
      assert.equal(toDemuxer(seconds, rational(base), { ticks, timeBase: rational(originBase) }), expected);
    });
});

suite('the nearest frame', () => {
  // At 24,000 / 1001 frames a second: 41.708 ms, 83.417 ms, 125.125 ms.
  const FILM: Fraction = [24_000, 1001];
  const ROWS: { what: string; ticks: number; timescale: number; rate: Fraction; expected: number }[] = [
    { what: 'a time that is rounded already', ticks: 42, timescale: 1000, rate: FILM, expected: 42 },
    { what: 'a time that was cut off', ticks: 41, timescale: 1000, rate: FILM, expected: 42 },
    { what: 'before the middle', ticks: 62, timescale: 1000, rate: FILM, expected: 42 },
    { what: 'behind the middle', ticks: 63, timescale: 1000, rate: FILM, expected: 83 },
    { what: 'below zero', ticks: -41, timescale: 1000, rate: FILM, expected: -42 },
    { what: 'zero', ticks: 0, timescale: 1000, rate: FILM, expected: 0 },
    { what: 'ticks of the rate itself', ticks: 2000, timescale: 24_000, rate: FILM, expected: 2002 },
    { what: 'an hour later', ticks: 3_600_013, timescale: 1000, rate: [25, 1], expected: 3_600_000 },
    {
      what: 'more than half of a frame after an hour',
      ticks: 3_600_021,
      timescale: 1000,
      rate: [25, 1],
      expected: 3_600_040,
    },
  ];
  for (const { what, ticks, timescale, rate, expected } of ROWS)
    test(what, () => assert.equal(snapTime(ticks, timescale, rational(rate)), expected));
});
