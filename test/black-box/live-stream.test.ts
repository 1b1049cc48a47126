// A stream without an end is not playable: the session states that soon, and no work on it continues.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { clip } from '../support/clips/clips.ts';
import { EndlessServer } from '../support/servers/endless-server.ts';
import { startServer } from '../support/servers/server-process.ts';
import { openSession } from '../support/viewers/viewer.ts';

/** A player waits 30 s at first; the reply takes about 7 s on an idle machine. */
const SOON_MS = 20_000;

test('a live stream is refused with a sentence, however slow it is', async () => {
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
