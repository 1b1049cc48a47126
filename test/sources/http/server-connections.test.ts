// What a server shows of the number of connections that it allows.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { KnownServers } from '../../../src/sources/http/client/known-servers.ts';
import { retryAfterMs } from '../../../src/sources/http/client/retry-after.ts';
import { ServerConnections, type Connection } from '../../../src/sources/http/client/server-connections.ts';
import { never } from '../../contract/source-contract.ts';
import { eventually } from '../opened.ts';

const HOLDER = { idleSince: () => undefined };

function reply(status: number, headers: Record<string, string> = {}) {
  return { status, header: (name: string) => headers[name] };
}

async function answered(connections: ServerConnections): Promise<Connection> {
  const connection = await connections.enter(HOLDER, never());
  assert.equal(connection.refusal(reply(206)), undefined);
  return connection;
}

test('nothing is assumed of a server until it refuses', async () => {
  const connections = new ServerConnections();
  for (let count = 0; count < 20; count += 1) await answered(connections);
  assert.equal(connections.isLimited, false);
});

test('a refusal beside other connections lowers their number to those that work', async () => {
  for (const status of [403, 429, 458, 503, 509]) {
    const connections = new ServerConnections();
    const working = [await answered(connections), await answered(connections)];
    const third = await connections.enter(HOLDER, never());
    assert.equal(third.refusal(reply(status))?.kind, 'busy');
    third[Symbol.dispose]();
    let entered = false;
    const next = connections.enter(HOLDER, never()).then((connection) => {
      entered = true;
      return connection;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(entered, false);
    working[0]?.complete();
    working[0]?.[Symbol.dispose]();
    await next;
  }
});

test('a refusal of the only connection is what it says', async () => {
  for (const status of [403, 429, 503, 509]) {
    const connections = new ServerConnections();
    const only = await connections.enter(HOLDER, never());
    assert.equal(only.refusal(reply(status)), undefined);
    assert.equal(connections.isLimited, false);
  }
});

test('other failures beside other connections are what they say', async () => {
  const connections = new ServerConnections();
  await answered(connections);
  const second = await connections.enter(HOLDER, never());
  for (const status of [200, 206, 302, 400, 401, 404, 410, 416, 451, 500]) {
    assert.equal(second.refusal(reply(status)), undefined, `${status}`);
  }
  assert.equal(connections.isLimited, false);
});

test('a server may notice late that a connection is gone', async () => {
  for (const complete of [true, false]) {
    const connections = new ServerConnections();
    const first = await answered(connections);
    if (complete) first.complete();
    first[Symbol.dispose]();
    const second = await connections.enter(HOLDER, never());
    assert.equal(second.refusal(reply(403))?.kind, 'busy');
  }
});

test('a link that expired is no refusal of connections, and takes the guess back that it was', async () => {
  const connections = new ServerConnections();
  const first = await answered(connections);
  const second = await connections.enter(HOLDER, never());
  assert.equal(second.refusal(reply(403))?.kind, 'busy');
  assert.equal(connections.isLimited, true);
  first.complete();
  first[Symbol.dispose]();
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  assert.equal(second.refusal(reply(403)), undefined);
  assert.equal(connections.isLimited, false);
});

test('the next connection waits as long as the server says, unless its reader leaves', async () => {
  const connections = new ServerConnections();
  const first = await answered(connections);
  const second = await connections.enter(HOLDER, never());
  second.refusal(reply(429, { 'retry-after': '1' }));
  second[Symbol.dispose]();
  first[Symbol.dispose]();
  const startedMs = performance.now();
  const left = new AbortController();
  const waiting = connections.enter(HOLDER, left.signal);
  waiting.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
  left.abort(new Error('the reader left'));
  await assert.rejects(waiting, /the reader left/);
  await connections.enter(HOLDER, never());
  const waitedMs = performance.now() - startedMs;
  assert.ok(waitedMs > 900 && waitedMs < 3_000, `${waitedMs} ms`);
});

test('two connections that break as younger ones are answered show that there may be but one', async () => {
  const connections = new ServerConnections();
  for (let count = 0; count < 2; count += 1) {
    assert.equal(connections.isLimited, false);
    const older = await answered(connections);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const younger = await answered(connections);
    older.broke();
    older[Symbol.dispose]();
    younger[Symbol.dispose]();
  }
  assert.equal(connections.isLimited, true);
});

test('connections that break by themselves show nothing', async () => {
  const connections = new ServerConnections();
  const older = await answered(connections);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const younger = await answered(connections);
  for (let count = 0; count < 5; count += 1) younger.broke();
  await new Promise((resolve) => setTimeout(resolve, 600));
  for (let count = 0; count < 5; count += 1) older.broke();
  assert.equal(connections.isLimited, false);
});

test('a connection that another source does not need makes room', async () => {
  const servers = new KnownServers();
  const connections = servers.at(new URL('http://a.example/one'));
  assert.equal(servers.at(new URL('http://a.example/two')), connections);
  assert.notEqual(servers.at(new URL('http://a.example:81/two')), connections);
  let isDropped = false;
  const idle = await connections.enter({ idleSince: () => 0, drop: () => (isDropped = true) }, never());
  idle.refusal(reply(206));
  const second = await connections.enter(HOLDER, never());
  second.refusal(reply(403));
  second[Symbol.dispose]();
  const next = connections.enter(HOLDER, never());
  await eventually(() => isDropped);
  idle[Symbol.dispose]();
  await next;
});

test('Retry-After is a number of seconds or a date, and bounded', () => {
  const ms = (value?: string) => retryAfterMs(reply(503, value === undefined ? {} : { 'retry-after': value }));
  assert.deepEqual(
    [undefined, '', '0', '2', ' 3 ', '86400', '-5', '1.5', 'soon', '999999999999'].map(ms),
    [0, 0, 0, 2000, 3000, 15_000, 0, 0, 0, 0],
  );
  const date = ms(new Date(Date.now() + 5_000).toUTCString());
  assert.ok(date > 3_000 && date <= 5_000, `${date}`);
  assert.equal(ms(new Date(Date.now() - 5_000).toUTCString()), 0);
  assert.equal(ms(new Date(Date.now() + 5_000_000).toUTCString()), 15_000);
});
