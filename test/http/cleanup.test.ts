import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startApp } from './running-app.ts';

test('clean-up ends the session, however its id is sent', async () => {
  await using app = await startApp();
  const ways: ((id: string) => Promise<Response>)[] = [
    (id) => fetch(`${app.url}/cleanup?id=${id}`, { method: 'POST' }),
    (id) => fetch(`${app.url}/cleanup?id=${id}`, { method: 'DELETE' }),
    (id) =>
      fetch(`${app.url}/cleanup`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id }),
      }),
    (id) =>
      fetch(`${app.url}/cleanup`, {
        method: 'DELETE',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id }),
      }),
    (id) => fetch(`${app.url}/cleanup`, { method: 'POST', body: JSON.stringify({ id }) }),
    (id) =>
      fetch(`${app.url}/cleanup`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain;charset=UTF-8' },
        body: id,
      }),
    (id) => fetch(`${app.url}/cleanup`, { method: 'POST', body: new Uint8Array(Buffer.from(JSON.stringify({ id }))) }),
  ];
  for (const [index, way] of ways.entries()) {
    const id = await app.session();
    const reply = await way(id);
    assert.equal(reply.status, 200, `way ${index}`);
    assert.equal((await fetch(`${app.url}/sessions/${id}`)).status, 404, `way ${index}`);
  }
});

test('an unknown session, an empty body or nonsense is 200 too', async () => {
  await using app = await startApp();
  const id = await app.session();
  for (const init of [
    { method: 'POST' },
    { method: 'DELETE' },
    { method: 'POST', body: '{' },
    { method: 'POST', body: 'null' },
    { method: 'POST', body: '[1]' },
  ]) {
    assert.equal((await fetch(`${app.url}/cleanup`, init)).status, 200);
    assert.equal((await fetch(`${app.url}/cleanup?id=nobody`, init)).status, 200);
  }
  assert.equal((await fetch(`${app.url}/sessions/${id}`)).status, 200, 'the others live on');
});

test('clean-up does not wait for what it frees', async () => {
  await using app = await startApp();
  app.files.openGate = Promise.withResolvers<void>().promise;
  const id = await app.session();
  const before = performance.now();
  await fetch(`${app.url}/cleanup?id=${id}`, { method: 'POST' });
  assert.ok(performance.now() - before < 200);
});
