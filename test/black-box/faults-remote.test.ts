// Faulty remote servers: the source plays byte for byte, or a sentence states the reason; other sessions are not affected.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { clip } from '../support/clips/clips.ts';
import { FaultServer, type Faults } from '../support/servers/fault-server.ts';
import {
  assertSameBytes,
  copiedBytes,
  markedFilm,
  referenceBytes,
  type CopiedBytes,
} from '../support/judges/copied-bytes.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { bytesOf, membersOf, openSession, playlistOf, sessionInfo, type Session } from '../support/viewers/viewer.ts';

const MIB = 2 ** 20;

suite('remote servers that misbehave', { concurrency: 4 }, () => {
  const stack = new AsyncDisposableStack();
  let server: ServerProcess | undefined;
  let reference: CopiedBytes | undefined;
  const url = (): string => server?.url ?? assert.fail();
  const wanted = (): CopiedBytes => reference ?? assert.fail();

  before(async () => {
    server = stack.use(await startServer());
    reference = await referenceBytes(await markedFilm('reference'));
  });
  after(() => stack.disposeAsync());

  const overcome: [string, Faults][] = [
    ['resets every connection after a megabyte', { resetEveryBytes: MIB }],
    ['closes every connection after 700 KB', { closeEveryBytes: 700_000 }],
    ['stops sending for 12 s in mid-film', { stall: { atByte: 3 * MIB, forMs: 12_000 } }],
    ['redirects', { redirect: ({ path }) => (path === '/film.mkv' ? '/elsewhere.mp4' : undefined) }],
    ['states no length but gives ranges', { length: false }],
    ['calls it something else', { contentType: 'text/plain' }],
    ['has no ETag', { etag: null, resetEveryBytes: 2 * MIB }],
    ['ignores ranges with an end', { rangeStatus: ({ end }) => (end === Infinity ? undefined : 200) }],
    ['answers 416 to ranges with an end', { rangeStatus: ({ end }) => (end === Infinity ? undefined : 416) }],
    ['leaves the total out', { total: false }],
    ['claims gzip over plain bytes', { headers: () => ({ 'content-encoding': 'gzip' }) }],
    ['answers every third request with 503', { status: ({ index }) => (index % 3 === 2 ? 503 : undefined) }],
  ];
  for (const [what, faults] of overcome) {
    test(`the bytes are those of the local file when the server ${what}`, async () => {
      await using remote = await FaultServer.start(await markedFilm(what), faults);
      const session = await openSession(url(), remote.url());
      assert.equal((await sessionInfo(session))['canSeek'], true);
      assertSameBytes(await copiedBytes(session), wanted());
    });
  }

  for (const [what, faults] of [
    ['ranges', { ranges: false }],
    ['ranges and length', { ranges: false, length: false }],
  ] as const satisfies readonly (readonly [string, Faults])[]) {
    test(`a server without ${what} is played from the start, and the session says that it cannot seek`, async () => {
      await using remote = await FaultServer.start(await markedFilm(what), faults);
      const session = await openSession(url(), remote.url());
      const info = await sessionInfo(session);
      assert.deepEqual([info['canSeek'], info['status']], [false, 'ready']);
      assert.ok(Math.abs(Number(info['durationSeconds']) - 60) < 0.2, String(info['durationSeconds']));
      assertSameBytes(await copiedBytes(session), wanted());
      assert.equal(remote.requests.filter(({ range }) => range?.start === 0).length, 1);
    });
  }

  for (const [what, faults, status, sentence] of [
    ['404', { status: () => 404 }, 404, /does not have the file \(404\)/u],
    ['403', { status: () => 403 }, 403, /does not allow access to the file \(403\)/u],
    ['500', { status: () => 500 }, 502, /answered 500/u],
    ['a length that is too long', { extraBytes: 100_000 }, 502, /before the end of the file/u],
    ['an endless redirect', { redirect: () => '/again' }, 502, /redirect/u],
  ] as const satisfies readonly (readonly [string, Faults, number, RegExp])[]) {
    test(`a server that answers with ${what} is named in words`, async () => {
      await using remote = await FaultServer.start(await markedFilm(what), faults);
      await assertErrorSession(await openSession(url(), remote.url()), status, sentence);
    });
  }

  test('a web page in place of the media gets an error that says so', async () => {
    await using remote = await FaultServer.start(Buffer.from('<!DOCTYPE html><title>Log in</title>'));
    await assertErrorSession(await openSession(url(), remote.url()), 422, /sent a web page, not a media file/u);
  });

  for (const [source, sentence] of [
    ['http://127.0.0.1:1/film.mkv', /refused the connection/u],
    ['http://no-such-host.invalid/film.mkv', /name of the server/u],
  ] as const) {
    test(`${source} is named in words`, async () =>
      assertErrorSession(await openSession(url(), source), 502, sentence));
  }

  test('bytes of a source that changes on its server are never mixed', async () => {
    const film = await markedFilm('before');
    await using remote = await FaultServer.start(film);
    const session = await openSession(url(), remote.url());
    const { segments } = await playlistOf(`${session.url}/original/playlist.m3u8`);
    const first = await bytesOf(segments[0]?.uri ?? '');
    assert.ok(first.equals(wanted().video.segments[0] ?? Buffer.alloc(0)));
    remote.content = Buffer.alloc(film.length, 'other film ');
    remote.faults = { etag: '"v2"' };
    let refused = 0;
    for (const [number, { uri }] of segments.entries()) {
      const reply = await fetch(uri);
      const bytes = Buffer.from(await reply.arrayBuffer());
      if (reply.status === 200)
        assert.ok(bytes.equals(wanted().video.segments[number] ?? Buffer.alloc(0)), `${number}`);
      else {
        assert.equal(reply.status, 502);
        assert.match(String(membersOf(JSON.parse(bytes.toString()))['error']), /changed while it was being read/u);
        refused += 1;
      }
    }
    assert.ok(refused > 0);
  });

  test('a source server that dies during playback causes an error, never a partial segment, and playback resumes when it is back', async () => {
    await using remote = await FaultServer.start(await markedFilm('dies'), { bytesPerSecond: 4 * MIB });
    const session = await openSession(url(), remote.url());
    const { segments } = await playlistOf(`${session.url}/original/playlist.m3u8`);
    const number = segments.length - 4;
    const last = segments[number]?.uri ?? '';
    remote.faults = { status: () => 404 };
    const reply = await fetch(last);
    const body = membersOf(await reply.json());
    assert.deepEqual([reply.status, body['code']], [404, 'SOURCE_NOT_FOUND']);
    assert.match(String(body['error']), /no longer on the server/u);
    remote.faults = {};
    assert.ok((await bytesOf(last)).equals(wanted().video.segments[number] ?? Buffer.alloc(0)));
  });

  test('an expired link does not affect the same media under a new link', async () => {
    const film = await markedFilm('expires');
    await using old = await FaultServer.start(film);
    await using fresh = await FaultServer.start(film);
    const expired = await openSession(url(), old.url('/film.mkv?signature=old'));
    const { segments } = await playlistOf(`${expired.url}/original/playlist.m3u8`);
    old.faults = { status: () => 403 };
    const reply = await fetch(segments.at(-3)?.uri ?? '');
    assert.equal(reply.status, 403);
    assert.match(String(membersOf(await reply.json())['error']), /link has expired/u);
    const renewed = await openSession(url(), fresh.url('/film.mkv?signature=new'));
    assertSameBytes(await copiedBytes(renewed), wanted());
  });

  test('a source that hangs blocks no other session', async () => {
    await using hanging = await FaultServer.start(await markedFilm('hangs'), {
      stall: { atByte: 0, forMs: 60_000, times: 99 },
    });
    const stuck = await openSession(url(), hanging.url());
    const asked = sessionInfo(stuck);
    const other = await openSession(url(), await clip('mp4-faststart'));
    const { segments } = await playlistOf(`${other.url}/original/playlist.m3u8`);
    for (const { uri } of segments.slice(0, 12)) {
      const beforeMs = performance.now();
      await bytesOf(uri);
      assert.ok(performance.now() - beforeMs < 5000, `${performance.now() - beforeMs} ms`);
    }
    const info = await asked;
    assert.equal(info['status'], 'starting');
    await assertErrorSession(stuck, 504, /sent nothing for 20 s/u);
  });

  test('after these faults the server still plays', async () => {
    assert.equal(server?.child.exitCode, null);
    assert.equal((await fetch(url())).status, 200);
  });
});

/** The playlist has the status and the sentence, and so has the session information. */
async function assertErrorSession(session: Session, status: number, sentence: RegExp): Promise<void> {
  const reply = await fetch(`${session.url}/stream.m3u8`);
  const body = membersOf(await reply.json());
  assert.equal(reply.status, status, JSON.stringify(body));
  assert.match(String(body['error']), sentence);
  assert.doesNotMatch(JSON.stringify(body), /ECONN|ENOTFOUND|UND_ERR|undici|node:/u);
  const info = await sessionInfo(session);
  assert.equal(info['status'], 'error');
  assert.equal(info['error'], body['error']);
}
