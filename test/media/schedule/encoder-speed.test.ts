// The pace and the start of an encoder after measurements; the newest one has a weight of 0.3.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { EncoderSpeed } from '../../../src/media/schedule/encoder-speed.ts';

/** Seconds of media, milliseconds that they took. */
type Measurement = [kind: 'first' | 'next', seconds: number, wallMs: number];

suite('expected milliseconds', () => {
  const ROWS: { what: string; measured: Measurement[]; run4: number; start: number }[] = [
    { what: 'nothing measured', measured: [], run4: 2000, start: 1500 },
    { what: 'a following segment is the pace', measured: [['next', 2, 400]], run4: 800, start: 1500 },
    {
      what: 'the newest pace has less weight',
      measured: [
        ['next', 2, 400],
        ['next', 1, 300],
      ],
      run4: 4 * 230,
      start: 1500,
    },
    {
      what: 'each newer pace is mixed into the mean',
      measured: [
        ['next', 1, 200],
        ['next', 1, 300],
        ['next', 1, 130],
      ],
      run4: 4 * 200,
      start: 1500,
    },
    { what: 'a first segment alone: the usual pace', measured: [['first', 2, 1700]], run4: 2000, start: 700 },
    {
      what: 'a first segment of a known pace',
      measured: [
        ['next', 1, 200],
        ['first', 2, 1700],
      ],
      run4: 800,
      start: 1300,
    },
    { what: 'a first segment faster than the pace', measured: [['first', 4, 1000]], run4: 2000, start: 0 },
    {
      what: 'the newest start has less weight',
      measured: [
        ['next', 1, 200],
        ['first', 1, 1200],
        ['first', 1, 2200],
      ],
      run4: 800,
      start: 1300,
    },
    {
      what: 'a start of zero is measured too',
      measured: [
        ['first', 4, 0],
        ['first', 1, 1500],
      ],
      run4: 2000,
      start: 300,
    },
    {
      what: 'a pace of zero is measured too',
      measured: [
        ['next', 1, 0],
        ['next', 1, 100],
      ],
      run4: 120,
      start: 1500,
    },
    {
      what: 'a first segment leaves the pace',
      measured: [
        ['next', 1, 200],
        ['first', 1, 9000],
      ],
      run4: 800,
      start: 8800,
    },
    {
      what: 'no media',
      measured: [
        ['next', 0, 400],
        ['first', 0, 400],
      ],
      run4: 2000,
      start: 1500,
    },
    {
      what: 'a length that is no number',
      measured: [
        ['next', NaN, 400],
        ['first', -1, 4],
      ],
      run4: 2000,
      start: 1500,
    },
  ];
  for (const { what, measured, run4, start } of ROWS)
    test(what, () => {
      const speed = new EncoderSpeed();
      for (const [kind, seconds, wallMs] of measured) speed.learn('a', { seconds, wallMs, isFirst: kind === 'first' });
      assert.ok(Math.abs(speed.runMs('a', 4) - run4) < 1e-6, `${speed.runMs('a', 4)}`);
      assert.ok(Math.abs(speed.startMs('a') - start) < 1e-6, `${speed.startMs('a')}`);
      assert.deepEqual([speed.runMs('b', 4), speed.startMs('b')], [2000, 1500]);
    });
});
