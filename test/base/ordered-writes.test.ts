// Writes in the background: one at a time for each key, in order, the latest last.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { OrderedWrites } from '../../src/base/ordered-writes.ts';

test('a key has one write at a time, and of those that wait only the latest is done', async () => {
  const writes = new OrderedWrites(() => assert.fail());
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  const write = (name: string) => async () => {
    done.push(`${name} begins`);
    await gate.promise;
    done.push(`${name} ends`);
  };
  writes.add('a', write('a1'));
  writes.add('a', write('a2'));
  writes.add('a', write('a3'));
  writes.add('b', write('b1'));
  await turn();
  assert.deepEqual(done, ['a1 begins', 'b1 begins']);
  gate.resolve();
  await writes.settled();
  assert.deepEqual(
    done.filter((each) => each.startsWith('a')),
    ['a1 begins', 'a1 ends', 'a3 begins', 'a3 ends'],
  );
  assert.equal(done.at(-1), 'a3 ends');
});

test('a write that fails is told of, and the next one is done', async () => {
  const failures: unknown[] = [];
  const writes = new OrderedWrites((error) => failures.push(error));
  const error = new Error('full');
  let isDone = false;
  writes.add('a', () => Promise.reject(error));
  writes.add('a', async () => {
    isDone = true;
  });
  await writes.settled();
  assert.deepEqual([failures, isDone], [[error], true]);
});

test('a write that comes while all are waited for is waited for too', async () => {
  const writes = new OrderedWrites(() => assert.fail());
  let isDone = false;
  writes.add('a', async () => {
    await turn();
    writes.add('b', async () => {
      await turn();
      isDone = true;
    });
  });
  await writes.settled();
  assert.ok(isDone);
});
