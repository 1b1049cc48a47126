// The last moment of a clip: it gets its name once, and none when its caller leaves before.
import assert from 'node:assert/strict';
import { mkdtempDisposable, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { ClipDraft } from '../../../src/media/clip/clip-draft.ts';

const STAYS = new AbortController().signal;

async function publish(directory: string, signal: AbortSignal): Promise<string> {
  await using draft = await ClipDraft.create(directory);
  await draft.write(Buffer.from('a clip'), 0);
  return await draft.publish('film', signal);
}

test('clips of one name are numbered, and each has one name', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'raffi-draft-'));
  const paths = [await publish(folder.path, STAYS), await publish(folder.path, STAYS)];
  assert.deepEqual(
    paths,
    ['film.mp4', 'film (2).mp4'].map((name) => join(folder.path, name)),
  );
  assert.deepEqual((await readdir(folder.path)).toSorted(), ['film (2).mp4', 'film.mp4']);
  assert.equal(await readFile(join(folder.path, 'film.mp4'), 'utf8'), 'a clip');
});

test('a caller who leaves while the clip gets its name leaves no file', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'raffi-draft-'));
  await using draft = await ClipDraft.create(folder.path);
  await draft.write(Buffer.alloc(1024 * 1024, 1), 0);
  const caller = new AbortController();
  const publishing = draft.publish('film', caller.signal);
  caller.abort(new Error('The caller has gone.'));
  await assert.rejects(publishing, { message: 'The caller has gone.' });
  assert.deepEqual(
    (await readdir(folder.path)).filter((name) => name.endsWith('.mp4')),
    [],
  );
});

test('whenever the caller leaves, there is a clip whose path he is told, or no file at all', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'raffi-draft-'));
  for (let turns = 0; turns < 40; turns += 1) {
    const before = await readdir(folder.path);
    const caller = new AbortController();
    const publishing = publish(folder.path, caller.signal).catch(() => undefined);
    for (let i = 0; i < turns; i += 1) await turn();
    caller.abort();
    const path = await publishing;
    const made = (await readdir(folder.path)).filter((name) => !before.includes(name));
    assert.deepEqual(
      made.map((name) => join(folder.path, name)),
      path === undefined ? [] : [path],
      `${turns} turns`,
    );
  }
});
