// A bucket of three that gets one every two seconds, at times that the table gives.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { RateLimit } from '../../../src/http/access/rate-limit.ts';

/** One is taken at each of these seconds; the seconds to wait, 0 where it was taken. */
const ROWS: [what: string, seconds: number[], waits: number[]][] = [
  ['a burst, then two seconds for the next one', [0, 0, 0, 0], [0, 0, 0, 2]],
  ['one every two seconds', [0, 0, 0, 2, 2, 4, 4], [0, 0, 0, 0, 2, 0, 2]],
  ['half of the wait is over', [0, 0, 0, 1, 2], [0, 0, 0, 1, 0]],
  ['a wait is at least a second', [0, 0, 0, 1.9, 2], [0, 0, 0, 1, 0]],
  ['a wait is rounded up', [0, 0, 0, 0.5], [0, 0, 0, 2]],
  ['a refusal takes nothing', [0, 0, 0, 0, 0, 2, 2], [0, 0, 0, 2, 2, 0, 2]],
  ['a bucket is never fuller than a burst', [0, 1000, 1000, 1000, 1000], [0, 0, 0, 0, 2]],
  ['a bucket is full at first, however long the server runs', [1000, 1000, 1000, 1000], [0, 0, 0, 2]],
];

suite('a rate limit', () => {
  for (const [what, seconds, waits] of ROWS)
    test(what, () => {
      let nowMs = 0;
      const limit = new RateLimit({ burst: 3, perSecond: 0.5, now: () => nowMs });
      const found = seconds.map((second) => {
        nowMs = second * 1000;
        const asked = limit.waitSeconds('key');
        const taken = limit.take('key');
        assert.equal(asked, taken);
        return taken;
      });
      assert.deepEqual(found, waits);
    });

  test('keys have buckets of their own', () => {
    const limit = new RateLimit({ burst: 1, perSecond: 0.5, now: () => 0 });
    assert.deepEqual(
      ['a', 'b', 'a', 'b'].map((key) => limit.take(key)),
      [0, 0, 2, 2],
    );
  });

  test('of many keys those that were used last are known', () => {
    const limit = new RateLimit({ burst: 1, perSecond: 1, now: () => 0 });
    for (let key = 0; key <= 10_000; key += 1) assert.equal(limit.take(`${key}`), 0);
    assert.deepEqual(
      ['10000', '1', '0'].map((key) => limit.waitSeconds(key)),
      [1, 1, 0],
    );
  });
});
