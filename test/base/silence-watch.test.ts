// When a process that does not answer is taken for one that hangs. Time is the test's own.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { SilenceWatch, type SilenceWatchOptions } from '../../src/base/silence-watch.ts';

/** A watch that asks once a second and allows two questions without an answer; `pass` lets seconds go by. */
function watched(options: Partial<SilenceWatchOptions> = {}) {
  mock.timers.enable({ apis: ['setInterval'] });
  const told = { asked: 0, silences: 0 };
  const watch = new SilenceWatch({
    ask: () => (told.asked += 1),
    onSilence: () => (told.silences += 1),
    everyMs: 1000,
    unanswered: 2,
    ...options,
  });
  return {
    watch,
    told,
    pass: (seconds: number) => mock.timers.tick(seconds * 1000),
    [Symbol.dispose]: () => mock.timers.reset(),
  };
}

test('two questions without an answer are allowed, then it is told of once', () => {
  using clock = watched();
  clock.watch.start();
  clock.pass(2);
  assert.deepEqual(clock.told, { asked: 2, silences: 0 });
  clock.pass(10);
  assert.deepEqual(clock.told, { asked: 2, silences: 1 });
});

test('every answer begins the count anew', () => {
  using clock = watched();
  clock.watch.start();
  for (let round = 0; round < 5; round += 1) {
    clock.pass(2);
    clock.watch.heard();
  }
  assert.equal(clock.told.silences, 0);
  clock.pass(3);
  assert.equal(clock.told.silences, 1);
});

test('work counts as an answer', () => {
  let isWorking = true;
  using clock = watched({ hasWorked: () => isWorking });
  clock.watch.start();
  clock.pass(20);
  assert.equal(clock.told.silences, 0);
  isWorking = false;
  clock.pass(2);
  assert.equal(clock.told.silences, 1);
});

test('nothing is asked before the start and after the end, and a second start changes nothing', () => {
  using clock = watched();
  clock.pass(5);
  clock.watch.start();
  clock.watch.start();
  clock.pass(1);
  clock.watch.stop();
  clock.pass(5);
  assert.deepEqual(clock.told, { asked: 1, silences: 0 });
});

test('without a limit it is only asked', () => {
  using clock = watched({ unanswered: Infinity });
  clock.watch.start();
  clock.pass(100);
  assert.deepEqual(clock.told, { asked: 100, silences: 0 });
});
