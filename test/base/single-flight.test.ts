import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SingleFlight } from '../../src/base/single-flight.ts';

test('callers of one key share the work and its result', async () => {
  const flights = new SingleFlight<object>();
  const landing = Promise.withResolvers<object>();
  let made = 0;
  const make = () => {
    made++;
    return landing.promise;
  };
  const both = Promise.all([flights.run('a', make), flights.run('a', make)]);
  landing.resolve({});
  const [first, second] = await both;
  assert.equal(first, second);
  assert.equal(made, 1);
});

test('different keys do not wait for each other', async () => {
  const flights = new SingleFlight<string>();
  const never = Promise.withResolvers<string>();
  void flights.run('slow', () => never.promise);
  assert.equal(await flights.run('quick', () => Promise.resolve('done')), 'done');
});

test('a key is free again once its work is done', async () => {
  const flights = new SingleFlight<number>();
  const landing = Promise.withResolvers<number>();
  const flight = flights.run('a', () => landing.promise);
  assert.equal(flights.has('a'), true);
  landing.resolve(1);
  assert.equal(await flight, 1);
  assert.equal(flights.has('a'), false);
  assert.equal(await flights.run('a', () => Promise.resolve(2)), 2);
});

test('a failure reaches every caller and is then forgotten', async () => {
  const flights = new SingleFlight<number>();
  const landing = Promise.withResolvers<number>();
  const callers = [flights.run('a', () => landing.promise), flights.run('a', () => Promise.resolve(1))];
  landing.reject(new Error('broken'));
  for (const outcome of await Promise.allSettled(callers)) assert.equal(outcome.status, 'rejected');
  assert.equal(await flights.run('a', () => Promise.resolve(3)), 3);
});

test('work that throws before it starts leaves the key free', () => {
  const flights = new SingleFlight<number>();
  assert.throws(() =>
    flights.run('a', () => {
      throw new Error('not even started');
    }),
  );
  assert.equal(flights.has('a'), false);
});
