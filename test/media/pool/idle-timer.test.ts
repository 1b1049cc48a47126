// When a pool counts as idle, by a clock that the test moves.
import assert from 'node:assert/strict';
import { beforeEach, afterEach, mock, suite, test } from 'node:test';

import { IdleTimer } from '../../../src/media/pool/idle-timer.ts';

const IDLE_MS = 1000;

type Step = 'begin a' | 'end a' | 'begin b' | 'end b' | 'close' | number;

suite('idle calls', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  /** A number: so many milliseconds pass. */
  const ROWS: { what: string; steps: Step[]; expected: number }[] = [
    { what: 'none before the first work', steps: [5000], expected: 0 },
    { what: 'none during work', steps: ['begin a', 5000], expected: 0 },
    { what: 'none a millisecond too early', steps: ['begin a', 'end a', 999], expected: 0 },
    { what: 'one in time', steps: ['begin a', 'end a', 1000], expected: 1 },
    { what: 'one however long it lasts', steps: ['begin a', 'end a', 1000, 1000, 5000], expected: 1 },
    { what: 'none while other work goes on', steps: ['begin a', 'begin b', 'end a', 5000], expected: 0 },
    { what: 'one after the last work', steps: ['begin a', 'begin b', 'end a', 600, 'end b', 1000], expected: 1 },
    {
      what: 'the time starts with the last end',
      steps: ['begin a', 'begin b', 'end a', 600, 'end b', 999],
      expected: 0,
    },
    { what: 'work in between stops it', steps: ['begin a', 'end a', 999, 'begin b', 5000], expected: 0 },
    { what: 'the time starts anew', steps: ['begin a', 'end a', 999, 'begin b', 'end b', 999], expected: 0 },
    { what: 'one after each time of work', steps: ['begin a', 'end a', 1000, 'begin b', 'end b', 1000], expected: 2 },
    { what: 'none after the end of all', steps: ['begin a', 'end a', 'close', 5000], expected: 0 },
    { what: 'none for work that ends after the end of all', steps: ['begin a', 'close', 'end a', 5000], expected: 0 },
    {
      what: 'none for work that begins after the end of all',
      steps: ['close', 'begin a', 'end a', 5000],
      expected: 0,
    },
  ];
  for (const { what, steps, expected } of ROWS)
    test(what, () => {
      let calls = 0;
      const timer = new IdleTimer(IDLE_MS, () => (calls += 1));
      const works = new Map<string, Disposable>();
      for (const step of steps) {
        if (typeof step === 'number') mock.timers.tick(step);
        else if (step === 'close') timer[Symbol.dispose]();
        else if (step.startsWith('begin')) works.set(step.slice(-1), timer.work());
        else works.get(step.slice(-1))?.[Symbol.dispose]();
      }
      assert.equal(calls, expected);
    });
});
