// How long the end of an answer may be held back.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkLimitMs } from '../../../src/sources/torrent/streamed-file.ts';

test('the end of an answer waits as long as the answer took, but a second at least and ten at most', () => {
  const twoHoursMs = 7_200_000;
  assert.deepEqual([12, 4000.5, twoHoursMs].map(checkLimitMs), [1000, 4001, 10_000]);
});
