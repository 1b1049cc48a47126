// Many damaged files on one server: each plays as far as possible or fails with a sentence, and an undamaged one plays meanwhile.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import type { ClipName } from '../clips/catalogue.ts';
import { clip } from '../clips/clips.ts';
import { damaged } from '../clips/damaged-clips.ts';
import { inPool } from '../viewers/in-pool.ts';
import { startServer, type ServerProcess } from '../servers/server-process.ts';
import { bytesOf, membersOf, openSession, playlistOf, sessionInfo, type Session } from '../viewers/viewer.ts';

/** Every request must be answered before a player gives up. */
const ANSWER_LIMIT_MS = 60_000;

export interface DamagedOptions {
  clips: readonly ClipName[];
  /** Each clip is damaged with every seed of `[from, to)`. */
  seeds: { from: number; to: number };
}

/** Defines the tests. */
export function damagedSuite({ clips, seeds }: DamagedOptions): void {
  suite('films that are damaged', () => {
    const stack = new AsyncDisposableStack();
    let directory = '';
    let server: ServerProcess | undefined;
    const url = (): string => server?.url ?? assert.fail();

    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'raffi-damaged-'));
      stack.defer(() => rm(directory, { recursive: true, force: true }));
      server = stack.use(await startServer({ env: { RAFFI_SESSIONS_PER_MINUTE: '1000' } }));
    });
    after(() => stack.disposeAsync());

    for (const name of clips) {
      test(`made of ${name}`, async () => {
        const good = await openSession(url(), await clip('mp4-faststart'));
        const { segments } = await playlistOf(`${good.url}/original/playlist.m3u8`);
        const film = await readFile(await clip(name));
        const all = Array.from({ length: seeds.to - seeds.from }, (_, index) => seeds.from + index);
        await inPool(all, 2, async (seed) => {
          const path = join(directory, `${name}-${seed}`);
          await writeFile(path, damaged(film, seed));
          await assertAnswers(await openSession(url(), path), `${name}, seed ${seed}`);
          await rm(path);
          assert.ok((await bytesOf(segments[seed % segments.length]?.uri ?? '')).length > 1000);
        });
        assert.equal(server?.child.exitCode, null);
        assert.doesNotMatch(server?.output() ?? '', /uncaught error|"code":"INTERNAL"/u);
      });
    }
  });
}

/** The requests of a player: playlists, copied and encoded segments. */
async function assertAnswers(session: Session, what: string): Promise<void> {
  const info = await sessionInfo(session);
  if (info['status'] === 'error') {
    assert.match(String(info['error']), /^[A-Z].*/u, what);
    return;
  }
  for (const rendition of [
    'stream/child.m3u8',
    'original/playlist.m3u8',
    '360p/playlist.m3u8',
    'audio-0/playlist.m3u8',
  ]) {
    const playlist = await answer(`${session.url}/${rendition}`, what);
    if (!playlist.startsWith('#EXTM3U')) continue;
    const uris = playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const wanted = rendition.startsWith('original')
      ? [uris[0], uris[Math.floor(uris.length / 2)], uris.at(-1)]
      : [uris[0]];
    for (const uri of new Set(wanted))
      if (uri !== undefined) await answer(new URL(uri, `${session.url}/${rendition}`).href, what);
  }
  await fetch(session.url, { method: 'DELETE' });
}

/** The body; an error must be a sentence. */
async function answer(url: string, what: string): Promise<string> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  const body = Buffer.from(await reply.arrayBuffer()).toString('latin1');
  if (reply.status === 200) return body;
  const { error, code } = membersOf(JSON.parse(body));
  assert.match(String(error), /^[A-Z]/u, `${what}: ${url}`);
  assert.notEqual(code, 'INTERNAL', `${what}: ${url} ${body}`);
  return body;
}
