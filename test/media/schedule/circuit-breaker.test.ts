// When the breaker is open, by failures at times that the test states: three failures, ten seconds apart at most, open it for a minute.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { AppError } from '../../../src/base/app-error.ts';
import { CircuitBreaker } from '../../../src/media/schedule/circuit-breaker.ts';

const QUICK_MS = 10_000;
const COOL_DOWN_MS = 60_000;

interface Failure {
  atMs: number;
  times?: number;
  key?: string;
}

type Step = Failure | 'success';

const at = (...times: number[]): Failure[] => times.map((atMs) => ({ atMs }));

suite('open or closed', () => {
  const ROWS: { what: string; steps: Step[]; askedMs: number; opened: boolean[]; isOpen: boolean }[] = [
    { what: 'without failures', steps: [], askedMs: 0, opened: [], isOpen: false },
    { what: 'two failures', steps: at(0, 1), askedMs: 1, opened: [false, false], isOpen: false },
    { what: 'three failures', steps: at(0, 1, 2), askedMs: 2, opened: [false, false, true], isOpen: true },
    {
      what: 'a failure that counts three times',
      steps: [{ atMs: 0, times: 3 }],
      askedMs: 0,
      opened: [true],
      isOpen: true,
    },
    {
      what: 'one, then one that counts twice',
      steps: [{ atMs: 0 }, { atMs: 1, times: 2 }],
      askedMs: 1,
      opened: [false, true],
      isOpen: true,
    },
    {
      what: 'failures almost ten seconds apart',
      steps: at(0, 9999, 19_998),
      askedMs: 19_998,
      opened: [false, false, true],
      isOpen: true,
    },
    {
      what: 'failures ten seconds apart are not in a row',
      steps: at(0, 1, 10_001, 10_002),
      askedMs: 10_002,
      opened: [false, false, false, false],
      isOpen: false,
    },
    {
      what: 'to the end of the minute',
      steps: at(0, 1, 2),
      askedMs: 60_001,
      opened: [false, false, true],
      isOpen: true,
    },
    {
      what: 'a minute after the last failure',
      steps: at(0, 1, 2),
      askedMs: 60_002,
      opened: [false, false, true],
      isOpen: false,
    },
    {
      what: 'a failure while it is open prolongs it',
      steps: at(0, 1, 2, 9000),
      askedMs: 68_999,
      opened: [false, false, true, true],
      isOpen: true,
    },
    {
      what: 'a success between',
      steps: [...at(0, 1), 'success', ...at(2, 3)],
      askedMs: 3,
      opened: [false, false, false, false],
      isOpen: false,
    },
    {
      what: 'a success closes it',
      steps: [...at(0, 1, 2), 'success'],
      askedMs: 3,
      opened: [false, false, true],
      isOpen: false,
    },
    {
      what: 'failures of another rendition do not count',
      steps: [{ atMs: 0 }, { atMs: 1, key: 'other' }, { atMs: 2 }, { atMs: 3, key: 'other' }],
      askedMs: 3,
      opened: [false, false, false, false],
      isOpen: false,
    },
  ];
  for (const { what, steps, askedMs, opened, isOpen } of ROWS)
    test(what, () => {
      let nowMs = 0;
      const breaker = new CircuitBreaker({ limit: 3, quickMs: QUICK_MS, coolDownMs: COOL_DOWN_MS, now: () => nowMs });
      const answers: boolean[] = [];
      for (const step of steps) {
        if (step === 'success') {
          breaker.succeeded('a');
          continue;
        }
        nowMs = step.atMs;
        answers.push(breaker.failed(step.key ?? 'a', new Error(`at ${nowMs}`), step.times));
      }
      nowMs = askedMs;
      assert.deepEqual(answers, opened);
      assert.equal(breaker.errorOf('a') !== undefined, isOpen);
    });

  // A cool-down shorter than the time between failures in a row.
  test('after the cool-down one more failure opens it again', () => {
    let nowMs = 0;
    const breaker = new CircuitBreaker({ limit: 3, quickMs: QUICK_MS, coolDownMs: 5000, now: () => nowMs });
    breaker.failed('a', new Error('first'), 3);
    nowMs = 5000;
    assert.equal(breaker.errorOf('a'), undefined);
    assert.equal(breaker.failed('a', new Error('second')), true);
    assert.equal(breaker.errorOf('a')?.message, 'second');
  });
});

suite('the error it answers with', () => {
  const failure = new AppError('MEDIA_FAILED', 'It failed');
  const ROWS: { what: string; thrown: unknown[]; expected: [name: string, message: string, cause: unknown] }[] = [
    { what: 'the last one', thrown: [new Error('first'), failure], expected: ['AppError', 'It failed', undefined] },
    { what: 'a text that was thrown', thrown: ['text'], expected: ['AppError', 'A segment could not be made', 'text'] },
    {
      what: 'nothing that was thrown',
      thrown: [undefined],
      expected: ['AppError', 'A segment could not be made', undefined],
    },
  ];
  for (const { what, thrown, expected } of ROWS)
    test(what, () => {
      const breaker = new CircuitBreaker({ limit: 1, quickMs: QUICK_MS, coolDownMs: COOL_DOWN_MS, now: () => 0 });
      for (const error of thrown) breaker.failed('a', error);
      const found = breaker.errorOf('a');
      assert.deepEqual([found?.name, found?.message, found?.cause], expected);
    });
});
