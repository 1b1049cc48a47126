// Sources without playable media: the session states the reason in a true sentence.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CLIPS, CLIP_NAMES } from '../support/clips/catalogue.ts';
import { clip } from '../support/clips/clips.ts';
import { startServer } from '../support/servers/server-process.ts';
import { openSession, sessionInfo } from '../support/viewers/viewer.ts';

const stack = new AsyncDisposableStack();
let url = '';
before(async () => {
  ({ url } = stack.use(await startServer()));
});
after(() => stack.disposeAsync());

for (const name of CLIP_NAMES) {
  const facts = CLIPS[name];
  if (facts.verdict === 'plays') continue;
  test(`${name} is refused in a sentence that is true`, async () => {
    const session = await openSession(url, await clip(name));
    const { status, error } = await sessionInfo(session);
    assert.equal(status, 'error');
    assert.ok(typeof error === 'string');
    assert.match(error, facts.reason);
    const playlist = await fetch(`${session.url}/stream.m3u8`);
    assert.ok(playlist.status >= 400, `status ${playlist.status}`);
    assert.match(await playlist.text(), facts.reason);
  });
}
