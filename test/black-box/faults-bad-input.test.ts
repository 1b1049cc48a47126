// Bad local input: each fault gets a sentence for the user, and the server keeps working.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';

import type { ClipName } from '../support/clips/catalogue.ts';
import { clip } from '../support/clips/clips.ts';
import { probe } from '../support/judges/probe.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { bytesOf, membersOf, multivariantOf, openSession, playlistOf, sessionInfo } from '../support/viewers/viewer.ts';

const POSIX = process.platform !== 'win32';

interface Answer {
  status: number;
  body: Record<string, unknown>;
  milliseconds: number;
}

async function post(url: string, body: string, contentType = 'application/json'): Promise<Answer> {
  const beforeMs = performance.now();
  const reply = await fetch(`${url}/sessions`, { method: 'POST', headers: { 'content-type': contentType }, body });
  return {
    status: reply.status,
    body: membersOf(await reply.json()),
    milliseconds: performance.now() - beforeMs,
  };
}

suite('bad input from the disk', { skip: !POSIX }, () => {
  const stack = new AsyncDisposableStack();
  let directory = '';
  let server: ServerProcess | undefined;
  const url = (): string => server?.url ?? assert.fail();

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'raffi-bad-input-'));
    stack.defer(() => rm(directory, { recursive: true, force: true }));
    server = stack.use(await startServer());
    await mkdir(join(directory, 'folder'));
    execFileSync('mkfifo', [join(directory, 'pipe.mkv')]);
    await writeFile(
      join(directory, 'noise.mkv'),
      Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i * 31) & 255)),
    );
  });
  after(() => stack.disposeAsync());

  /** Plays a source with video and audio in these codecs, and returns the result. */
  async function played(name: string, ...codecs: string[]): Promise<Record<string, unknown>> {
    const path = join(directory, name);
    const inputs = ['testsrc2=s=128x72:d=3', 'sine=d=3'].flatMap((input) => ['-f', 'lavfi', '-i', input]);
    execFileSync('ffmpeg', ['-v', 'error', ...inputs, '-pix_fmt', 'yuv420p', ...codecs, path]);
    const session = await openSession(url(), path);
    const info = await sessionInfo(session);
    const { status } = await fetch(`${session.url}/stream/child.m3u8`);
    if (info['status'] === 'error') return { error: info['error'], status };
    const { segments } = await playlistOf(`${session.url}/stream/child.m3u8`);
    await writeFile(join(directory, 'segment.ts'), await bytesOf(segments[0]?.uri ?? ''));
    const { streams } = await probe(join(directory, 'segment.ts'));
    const { variants } = await multivariantOf(session);
    assert.ok((await bytesOf(variants[0]?.['URI'] ?? '')).includes('#EXT-X-ENDLIST'));
    assert.ok(Array.isArray(info['availableStreams']));
    return {
      kinds: streams.map((stream) => String(stream['codec_type'])).toSorted(),
      picture: membersOf(info['video'])['reason'],
      sound: info['availableStreams'].map((stream) => membersOf(stream)['reason']),
      why: info['why'],
    };
  }

  test('when video or audio has no decoder, the other is played, and the session states the reason', async () => {
    const g722 = ['-c:a', 'g722', '-ar', '16000', '-ac', '1'];
    assert.deepEqual(await played('no-picture.mkv', '-c:v', 'magicyuv', '-c:a', 'aac'), {
      kinds: ['audio'],
      picture: 'There is no decoder for magicyuv video',
      sound: [undefined],
      why: ['magicyuv video does not play everywhere', 'the picture cannot be decoded and is left out'],
    });
    assert.deepEqual(await played('no-sound.mkv', '-c:v', 'libx264', ...g722), {
      kinds: ['audio', 'video'],
      picture: undefined,
      sound: ['There is no decoder for adpcm_g722 sound'],
      why: ['adpcm_g722 sound does not play everywhere', 'sound that cannot be decoded is silence'],
    });
    assert.deepEqual(await played('neither.mkv', '-c:v', 'magicyuv', ...g722), {
      error: 'There is no decoder for magicyuv video',
      status: 422,
    });
  });

  for (const [path, status, sentence] of [
    ['nothing.mkv', 404, /^The file does not exist/u],
    ['folder', 400, /is a directory/u],
    ['pipe.mkv', 400, /is a pipe/u],
    ['/dev/zero', 400, /is a device/u],
    ['/proc/self/environ', 400, /not a media file/u],
    ['/sys/kernel/notes', 400, /not a media file|does not exist/u],
  ] as const) {
    test(`${path} is refused at once, in words`, async () => {
      const source = path.startsWith('/') ? path : join(directory, path);
      const answer = await post(url(), JSON.stringify({ source }));
      assert.equal(answer.status, status);
      assert.match(String(answer.body['error']), sentence);
      assert.ok(answer.milliseconds < 2000, `${answer.milliseconds} ms`);
      assert.doesNotMatch(JSON.stringify(answer.body), /ENOENT|EISDIR|errno|node:/u);
    });
  }

  for (const [name, sentence] of [
    ['text-mkv', /not a media file/u],
    ['html-mp4', /web page/u],
    ['empty', /is empty/u],
    ['mp4-moov-missing', /incomplete/u],
  ] as const satisfies readonly (readonly [ClipName, RegExp])[]) {
    test(`${name} makes a session that says what is wrong`, async () =>
      assertErrorSession(url(), await clip(name), sentence));
  }

  test('noise with the extension .mkv makes a session with an error', async () => {
    await assertErrorSession(url(), join(directory, 'noise.mkv'), /not a media file/u);
  });

  test('a truncated file plays to its end, and no partial segment is served', async () => {
    const [whole, cut] = [
      await openSession(url(), await clip('mkv-two-audio')),
      await openSession(url(), await clip('mkv-truncated')),
    ];
    const wanted = await playlistOf(`${whole.url}/original/playlist.m3u8`);
    const given = await playlistOf(`${cut.url}/original/playlist.m3u8`);
    let served = 0;
    for (const [number, { uri }] of given.segments.entries()) {
      const reply = await fetch(uri);
      const bytes = Buffer.from(await reply.arrayBuffer());
      const reference = wanted.segments[number];
      if (reply.status !== 200) assert.match(String(membersOf(JSON.parse(bytes.toString()))['error']), /^The .{10,}/u);
      else if (number < given.segments.length / 2 && reference !== undefined) {
        assert.ok(bytes.equals(await bytesOf(reference.uri)), `segment ${number}`);
        served += 1;
      }
    }
    assert.ok(served >= given.segments.length / 2 - 1, `${served} of ${given.segments.length}`);
  });

  test(
    'a file without permission is refused, and no other user’s rights are used',
    { skip: process.getuid?.() !== 0 },
    async () => {
      const secret = join(directory, 'secret.mkv');
      await writeFile(secret, 'private');
      await chmod(secret, 0o600);
      await chmod(directory, 0o755);
      await using weak = await startServer({ uid: NOBODY });
      const answer = await post(weak.url, JSON.stringify({ source: secret }));
      assert.equal(answer.status, 403);
      assert.match(String(answer.body['error']), /no permission/u);
      await chown(secret, NOBODY, NOBODY);
      assert.equal((await post(weak.url, JSON.stringify({ source: secret }))).status, 200);
    },
  );

  test('hostile bodies are refused in words, and nothing is made', async () => {
    const countBefore = await sessionCount(url());
    for (const [body, status, sentence] of HOSTILE_BODIES) {
      const answer = await post(url(), body);
      assert.equal(answer.status, status, body.slice(0, 80));
      assert.match(String(answer.body['error']), sentence, body.slice(0, 80));
      assert.ok(String(answer.body['error']).length < 200);
    }
    assert.equal((await post(url(), '{"source":"/x.mkv"}', 'text/plain')).status, 415);
    assert.equal(await sessionCount(url()), countBefore);
  });

  test('a body that never arrives, and one shorter than stated, block no other request', async () => {
    const { hostname, port } = new URL(url());
    const silent = connect(Number(port), hostname);
    silent.write(
      `POST /sessions HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"so`,
    );
    const short = connect(Number(port), hostname);
    short.end(
      `POST /sessions HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{}`,
    );
    await text(short).catch(() => '');
    assert.equal((await fetch(url())).status, 200);
    silent.destroy();
  });

  test('after these inputs the server still plays a source', async () => {
    const session = await openSession(url(), await clip('mp4-faststart'));
    const { segments } = await playlistOf(`${session.url}/original/playlist.m3u8`);
    assert.ok((await bytesOf(segments[0]?.uri ?? '')).length > 1000);
    assert.equal(server?.child.exitCode, null);
  });
});

const NOBODY = 65_534;

/** Larger than the limit of 256 KiB for bodies. */
const LONG = 'x'.repeat(300 * 1024);

const HOSTILE_BODIES = [
  ['', 400, /empty|JSON/u],
  ['{', 400, /JSON/u],
  ['null', 400, /JSON object|must be/u],
  ['[]', 400, /JSON object|must be/u],
  ['"/x.mkv"', 400, /JSON object|must be/u],
  ['{}', 400, /"source"/u],
  ['{"source":7}', 400, /"source"/u],
  ['{"source":""}', 400, /"source"|empty/u],
  ['{"source":{"$ne":null}}', 400, /"source"/u],
  ['{"source":"/x.mkv","startTime":"soon"}', 400, /"startTime"/u],
  ['{"source":"/x.mkv","startTime":1e999}', 400, /startTime|JSON/u],
  ['{"source":"/x.mkv","startTime":-1}', 400, /"startTime"/u],
  ['{"source":"/x.mkv","kind":"ftp"}', 400, /"kind"/u],
  ['{"source":"/x.mkv","fileIdx":-1}', 400, /"fileIdx"/u],
  ['{"source":"/x\\u0000.mkv"}', 400, /./u],
  ['{"source":"javascript:alert(1)"}', 400, /./u],
  ['{"source":"file://other-host/etc/passwd"}', 400, /./u],
  ['{"source":"http://"}', 400, /./u],
  ['{"source":"concat:/etc/passwd|/etc/group"}', 400, /./u],
  ['{"source":"../../etc/passwd"}', 400, /./u],
  ['{"__proto__":{"source":"/x.mkv"}}', 400, /./u],
  ['{"source":"http://127.0.0.1/x","headers":{"a\\r\\nb":"c"}}', 400, /header/u],
  [`{"source":"/${LONG}"}`, 413, /too large/u],
] as const;

async function assertErrorSession(serverUrl: string, source: string, sentence: RegExp): Promise<void> {
  const session = await openSession(serverUrl, source);
  const info = await sessionInfo(session);
  assert.equal(info['status'], 'error');
  assert.match(String(info['error']), sentence);
  const reply = await fetch(`${session.url}/stream.m3u8`);
  assert.equal(reply.status, 422);
  const body = membersOf(await reply.json());
  assert.equal(body['error'], info['error']);
  assert.equal(body['code'], 'NOT_MEDIA');
}

async function sessionCount(url: string): Promise<number> {
  const list: unknown = await (await fetch(`${url}/sessions`)).json();
  assert.ok(Array.isArray(list));
  return list.length;
}
