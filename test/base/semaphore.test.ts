// The semaphore: as many at a time as there are permits, in the order they came, and no permit lost to a caller that left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Semaphore } from '../../src/base/semaphore.ts';

const { signal } = new AbortController();

/** Callers `first` to `last` of a semaphore: who got a permit, in order, and the permits. */
function crowd(semaphore: Semaphore, names: string): { got: string[]; permits: Map<string, Disposable> } {
  const got: string[] = [];
  const permits = new Map<string, Disposable>();
  for (const name of names) {
    void semaphore.acquire(signal).then((permit) => {
      got.push(name);
      permits.set(name, permit);
    });
  }
  return { got, permits };
}

test('as many callers get a permit as there are, the others in the order they came', async () => {
  const semaphore = new Semaphore(2);
  const { got, permits } = crowd(semaphore, 'abcd');
  await turn();
  assert.deepEqual(got, ['a', 'b']);
  assert.equal(semaphore.waiting, 2);
  permits.get('b')?.[Symbol.dispose]();
  await turn();
  assert.deepEqual(got, ['a', 'b', 'c']);
  permits.get('a')?.[Symbol.dispose]();
  await turn();
  assert.deepEqual(got, ['a', 'b', 'c', 'd']);
  assert.equal(semaphore.waiting, 0);
});

test('a permit disposed twice is released once', async () => {
  const semaphore = new Semaphore(1);
  const { got, permits } = crowd(semaphore, 'abc');
  await turn();
  permits.get('a')?.[Symbol.dispose]();
  permits.get('a')?.[Symbol.dispose]();
  await turn();
  assert.deepEqual(got, ['a', 'b']);
});

test('a caller that comes in the moment of a release does not overtake the line', async () => {
  const semaphore = new Semaphore(1);
  const { got, permits } = crowd(semaphore, 'ab');
  await turn();
  permits.get('a')?.[Symbol.dispose]();
  assert.equal(semaphore.tryAcquire(), undefined);
  await turn();
  assert.deepEqual(got, ['a', 'b']);
});

test('a caller that leaves the line gets the reason of its signal, and the next moves up', async () => {
  const semaphore = new Semaphore(1);
  const held = semaphore.tryAcquire();
  const abort = new AbortController();
  const left = semaphore.acquire(abort.signal);
  const { got } = crowd(semaphore, 'a');
  const why = new Error('left');
  abort.abort(why);
  await assert.rejects(left, why);
  assert.equal(semaphore.waiting, 1);
  held?.[Symbol.dispose]();
  await turn();
  assert.deepEqual(got, ['a']);
});

test('a permit granted in the moment of an abort goes to the next in line', async () => {
  const semaphore = new Semaphore(1);
  const held = semaphore.tryAcquire();
  const abort = new AbortController();
  const left = semaphore.acquire(abort.signal);
  const { got, permits } = crowd(semaphore, 'a');
  held?.[Symbol.dispose]();
  abort.abort(new Error('left'));
  await assert.rejects(left, /left/u);
  await turn();
  assert.deepEqual(got, ['a']);
  permits.get('a')?.[Symbol.dispose]();
  assert.ok(semaphore.tryAcquire(), 'the permit is free again');
});

test('a permit granted in the moment of an abort is free again when nobody waits', async () => {
  const semaphore = new Semaphore(1);
  const held = semaphore.tryAcquire();
  const abort = new AbortController();
  const left = semaphore.acquire(abort.signal);
  held?.[Symbol.dispose]();
  abort.abort(new Error('left'));
  await assert.rejects(left, /left/u);
  assert.ok(semaphore.tryAcquire());
});

test('a signal that is aborted already takes no permit', async () => {
  const semaphore = new Semaphore(1);
  await assert.rejects(semaphore.acquire(AbortSignal.abort(new Error('gone'))), /gone/u);
  assert.ok(semaphore.tryAcquire());
});

test('more permits let callers in line go on', async () => {
  const semaphore = new Semaphore(1);
  const { got } = crowd(semaphore, 'abcd');
  semaphore.permits = 3;
  await turn();
  assert.deepEqual(got, ['a', 'b', 'c']);
});

test('with fewer permits than are held, those that are released are not given again', async () => {
  const semaphore = new Semaphore(3);
  const { got, permits } = crowd(semaphore, 'abcd');
  await turn();
  semaphore.permits = 1;
  permits.get('a')?.[Symbol.dispose]();
  permits.get('b')?.[Symbol.dispose]();
  await turn();
  assert.deepEqual(got, ['a', 'b', 'c']);
  permits.get('c')?.[Symbol.dispose]();
  await turn();
  assert.deepEqual(got, ['a', 'b', 'c', 'd']);
});

test('no more than the permits are ever held, whatever callers do', async () => {
  const semaphore = new Semaphore(3);
  let held = 0;
  let most = 0;
  let done = 0;
  const caller = async (number: number): Promise<void> => {
    const abort = new AbortController();
    if (number % 5 === 0) setImmediate(() => abort.abort(new Error('left')));
    try {
      using _permit = await semaphore.acquire(abort.signal);
      held += 1;
      most = Math.max(most, held);
      await turn();
      held -= 1;
      done += 1;
    } catch {
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: 200 }, async (_, number) => caller(number)));
  assert.deepEqual([most, held, done, semaphore.waiting], [3, 0, 200, 0]);
});
