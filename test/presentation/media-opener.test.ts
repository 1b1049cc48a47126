// Sessions of one source share its presentation, whatever they do at the same time.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { clip } from '../support/clips/clips.ts';
import { FaultServer } from '../support/servers/fault-server.ts';
import { openEngine } from '../support/workers/media-engine.ts';

const never = new AbortController().signal;

test('a session that opens what the last other session lets go of at that moment can play it', async () => {
  await using stack = new AsyncDisposableStack();
  let onWithdraw = (): void => undefined;
  const { items } = await openEngine(stack, { onWithdraw: () => onWithdraw() });
  const server = stack.use(await FaultServer.start(await readFile(await clip('mp4-faststart'))));
  const wanted = { uri: server.url(), kind: 'http', headers: {}, fileIndex: undefined } as const;
  const first = await items.open(wanted, never);
  const letGo: PromiseLike<void>[] = [];
  // The second session has found the presentation and closes its own source, which it does not need.
  onWithdraw = () => {
    onWithdraw = () => undefined;
    letGo.push(first[Symbol.asyncDispose]());
  };
  await using second = await items.open(wanted, never);
  assert.equal(letGo.length, 1);
  await Promise.all(letGo);
  const located = second.item.segment('original', 'segment00001.m4s');
  assert.ok((await located.get('viewer', never)).sizeBytes > 1000);
});
