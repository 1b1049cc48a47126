// Debuggers attach to the processes of a server, whose addresses are in its log.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../support/servers/server-children.ts';
import { newSession, startServer } from '../support/servers/server-process.ts';

const MAGNET = `magnet:?xt=urn:btih:${'a'.repeat(40)}`;

test('media workers and the torrent engine listen for a debugger when the setting is on', async () => {
  await using server = await startServer({ env: { RAFFI_INSPECT: 'workers,torrents' } });
  await newSession(server.url, { source: MAGNET, kind: 'torrent' });
  for (const name of ['media worker \\d+', 'torrent engine']) {
    const pattern = new RegExp(`${name}: Debugger listening on ws://127\\.0\\.0\\.1:(\\d+)/`, 'u');
    await until(() => pattern.test(server.output()), 10_000, `${name} says where it listens`);
    const [, port = ''] = pattern.exec(server.output()) ?? [];
    const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).text();
    assert.match(targets, /"webSocketDebuggerUrl"/u);
  }
});

test('without the setting no process listens for a debugger', async () => {
  await using server = await startServer();
  await newSession(server.url, { source: MAGNET, kind: 'torrent' });
  await until(() => server.output().includes('session'), 10_000, 'the session is in the log');
  assert.doesNotMatch(server.output(), /Debugger/u);
});
