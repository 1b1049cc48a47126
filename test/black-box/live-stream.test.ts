// A stream without an end is no film: the viewer is told, soon, and nothing of it goes on.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { clip } from '../support/clips/clips.ts';
import { EndlessServer } from '../support/servers/endless-server.ts';
import { startServer } from '../support/servers/server-process.ts';
import { openSession } from '../support/viewers/viewer.ts';

/** The first player's patience is 30 s; it takes about 7 s on an idle machine. */
const SOON_MS = 20_000;

test('a live stream is refused in words, however slowly it comes', async () => {
  await using live = await EndlessServer.start(await readFile(await clip('ts')), 100_000);
  await using server = await startServer();
  const session = await openSession(server.url, live.url);
  const beforeMs = performance.now();
  const reply = await fetch(`${session.url}/stream.m3u8`);
  assert.equal(reply.status, 422);
  assert.match(await reply.text(), /it may be a live stream/u);
  assert.ok(performance.now() - beforeMs < SOON_MS);
  await fetch(session.url, { method: 'DELETE' });
});
