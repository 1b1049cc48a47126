// A file that is replaced under its name: no viewer gets bytes of the new file as those of the old one.
import assert from 'node:assert/strict';
import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { clip } from '../support/clips/clips.ts';
import { assertSameBytes, copiedBytes, type CopiedBytes } from '../support/judges/copied-bytes.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { bytesOf, membersOf, openSession, playlistOf, type Session } from '../support/viewers/viewer.ts';

/** Compared segments of the encoded rendition. */
const ENCODED = 3;

interface Film {
  path: string;
  copied: CopiedBytes;
  encoded: Buffer[];
}

suite('a film that is replaced by another', () => {
  const stack = new AsyncDisposableStack();
  const films: Film[] = [];
  let server: ServerProcess | undefined;
  const running = (): ServerProcess => server ?? assert.fail();
  const film = (index: number): Film => films[index] ?? assert.fail();

  before(async () => {
    for (const name of ['mp4-faststart', 'long-looped-1080p'] as const) {
      await using pristine = await startServer();
      const path = await clip(name);
      const session = await openSession(pristine.url, path);
      films.push({ path, copied: await copiedBytes(session), encoded: await encodedBytes(session) });
    }
    server = stack.use(await startServer());
  });
  after(() => stack.disposeAsync());

  /** Replaces the file atomically. */
  async function put(index: number, path: string): Promise<void> {
    await copyFile(film(index).path, `${path}.new`);
    await rename(`${path}.new`, path);
  }

  test('the next session plays the new file completely', async () => {
    const path = join(running().home.tmp, 'replaced-between');
    for (const index of [0, 1, 0]) {
      await put(index, path);
      const session = await openSession(running().url, path);
      assertSameBytes(await copiedBytes(session), film(index).copied);
      assert.deepEqual(await encodedBytes(session), film(index).encoded);
    }
  });

  test('a session of the old file gets its remaining segments and then an error, never the new file', async () => {
    const path = join(running().home.tmp, 'replaced-during');
    await put(0, path);
    const session = await openSession(running().url, path);
    const copied = await playlistOf(`${session.url}/original/playlist.m3u8`);
    const sound = await playlistOf(`${session.url}/audio-0/playlist.m3u8`);
    const encoded = await playlistOf(`${session.url}/360p/playlist.m3u8`);
    await bytesOf(copied.segments[0]?.uri ?? '');
    await bytesOf(sound.segments[0]?.uri ?? '');
    await bytesOf(encoded.segments[0]?.uri ?? '');
    await put(1, path);
    const next = await openSession(running().url, path);
    await bytesOf((await playlistOf(`${next.url}/original/playlist.m3u8`)).segments[0]?.uri ?? '');

    const { video, audio } = film(0).copied;
    assert.ok((await refusals(copied.segments, video.segments)) > 0);
    assert.ok((await refusals(sound.segments, audio.segments)) > 0);
    // The encoder may have worked a little ahead before the change.
    await refusals(encoded.segments.slice(0, ENCODED), film(0).encoded);
    assert.equal(await refusals(encoded.segments.slice(-1), []), 1);
    assertSameBytes(await copiedBytes(next), film(1).copied);
  });
});

async function encodedBytes(session: Session): Promise<Buffer[]> {
  const { segments } = await playlistOf(`${session.url}/360p/playlist.m3u8`);
  const bytes: Buffer[] = [];
  for (const { uri } of segments.slice(0, ENCODED)) bytes.push(await bytesOf(uri));
  return bytes;
}

/** Number of segments that were refused with a sentence; all others must be those of the old file. */
async function refusals(segments: readonly { uri: string }[], wanted: readonly Buffer[]): Promise<number> {
  let refused = 0;
  for (const [number, { uri }] of segments.entries()) {
    const reply = await fetch(uri);
    const bytes = Buffer.from(await reply.arrayBuffer());
    if (reply.status === 200) {
      assert.ok(wanted[number] !== undefined && bytes.equals(wanted[number]), `segment ${number}`);
      continue;
    }
    const body = membersOf(JSON.parse(bytes.toString('utf8')));
    assert.deepEqual([reply.status, body['code']], [502, 'SOURCE_CHANGED']);
    assert.equal(body['error'], 'The file changed while it was being played');
    refused += 1;
  }
  return refused;
}
