// A full disk: the request that needs space fails with a sentence or evicts segments, the server keeps working, and recovers with the space.
import assert from 'node:assert/strict';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { clip } from '../support/clips/clips.ts';
import { FaultServer } from '../support/servers/fault-server.ts';
import {
  assertSameBytes,
  copiedBytes,
  markedFilm,
  referenceBytes,
  type CopiedBytes,
} from '../support/judges/copied-bytes.ts';
import { serverHome, startServer, type ServerHome, type ServerProcess } from '../support/servers/server-process.ts';
import { mountedDisk, whyNoSmallDisk } from '../support/servers/small-disk.ts';
import { membersOf, openSession, playlistOf, sessionInfo, type Session } from '../support/viewers/viewer.ts';

const DISK_BYTES = 24 * 2 ** 20;

/** Why these tests cannot run on this system; undefined when they can. */
const REASON = await whyNoSmallDisk();

suite('a full disk', { skip: REASON ?? false }, () => {
  const stack = new AsyncDisposableStack();
  let disk = '';
  let server: ServerProcess | undefined;
  let reference: CopiedBytes | undefined;
  const url = (): string => server?.url ?? assert.fail();
  const wanted = (): CopiedBytes => reference ?? assert.fail();
  const ballast = (): string => join(disk, 'ballast');

  before(async () => {
    const home: ServerHome = stack.use(await serverHome());
    disk = join(home.tmp, 'disk');
    await mkdir(disk);
    stack.use(mountedDisk(disk, DISK_BYTES));
    reference = await referenceBytes(await markedFilm('disk'));
    // The memory tier is off, so every served byte was on the disk.
    server = stack.use(await startServer({ home, env: { RAFFI_TMP_DIR: disk, RAFFI_MEMORY_CACHE_SIZE: '1' } }));
  });
  after(() => stack.disposeAsync());

  /** Fills the disk, except for this many bytes. */
  async function fill(freeBytes: number): Promise<void> {
    await rm(ballast(), { force: true });
    const { bavail, bsize } = await statfs(disk);
    await writeFile(ballast(), Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)));
  }

  test('less space than the film has means that old segments make room, and all of it can be played', async () => {
    const session = await openSession(url(), await clip('mp4-moov-last'));
    await fill(6 * 2 ** 20);
    assertSameBytes(await copiedBytes(session), wanted());
    await rm(ballast());
  });

  test('no space at all is said in words with status 507, and the session goes on when there is space again', async () => {
    const session = await openSession(url(), await clip('long-looped-1080p'));
    const { segments } = await playlistOf(`${session.url}/original/playlist.m3u8`);
    const uri = segments[4]?.uri ?? '';
    await fill(0);
    const encoded = (await playlistOf(`${session.url}/360p/playlist.m3u8`)).segments[2]?.uri ?? '';
    for (const refused of [uri, encoded]) {
      const reply = await fetch(refused);
      const body = membersOf(await reply.json());
      assert.deepEqual([reply.status, body['code'], body['error']], [507, 'DISK_FULL', 'The disk is full']);
    }
    const ready = membersOf(await (await fetch(`${url()}/ready`)).json());
    assert.match(JSON.stringify(ready), /the disk is full/u);
    assert.equal((await fetch(url())).status, 200, 'the server lives');
    const other = await openSession(url(), await clip('mp4-faststart'));
    assert.equal((await sessionInfo(other))['status'], 'ready', 'sessions can be made');
    await rm(ballast());
    for (const again of [await fetch(uri), await fetch(encoded)])
      assert.equal(again.status, 200, await again.clone().text());
    await assertPlays(session, 6);
    await assertPlays(other, 3);
  });

  test('a source without ranges that exceeds the disk fails with a sentence, and plays when it fits', async () => {
    const film = await markedFilm('in order only');
    await using remote = await FaultServer.start(film, { ranges: false });
    await fill(2 ** 20);
    const refused = await openSession(url(), remote.url());
    const reply = await fetch(`${refused.url}/stream.m3u8`);
    const body = membersOf(await reply.json());
    assert.deepEqual([reply.status, body['code']], [507, 'DISK_FULL']);
    assert.match(String(body['error']), /disk is full|no space/iu);
    assert.equal((await sessionInfo(refused))['status'], 'error');
    await rm(ballast());
    const played = await openSession(url(), remote.url());
    await assertPlays(played, 2);
  });

  test('a server can start on a full disk, and plays when there is space', async () => {
    const home = stack.use(await serverHome());
    await fill(64 * 1024);
    await using late = await startServer({ home, env: { RAFFI_TMP_DIR: disk } });
    const session = await openSession(late.url, await clip('mp4-faststart'));
    await rm(ballast());
    await assertPlays(session, 2);
    assert.equal((await late.end()).code, 0);
  });
});

async function assertPlays(session: Session, number: number): Promise<void> {
  const { segments } = await playlistOf(`${session.url}/original/playlist.m3u8`);
  const reply = await fetch(segments[number]?.uri ?? '');
  const bytes = Buffer.from(await reply.arrayBuffer());
  assert.equal(reply.status, 200, bytes.subarray(0, 300).toString());
  assert.equal(bytes.subarray(4, 8).toString('latin1'), 'moof');
}
