// Hostile files: whatever a file states, the server reads only the file or the host that the user named.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { clip } from '../support/clips/clips.ts';
import { probe } from '../support/judges/probe.ts';
import { CanaryFile } from '../support/servers/canary-file.ts';
import {
  baits,
  detours,
  forgottenBaits,
  GAB2_PLAYLIST,
  GAB2_TEXT,
  SDP_PORT,
  type Bait,
  type Control,
  type Targets,
} from '../support/servers/hostile-files.ts';
import { PortWatch } from '../support/servers/port-watch.ts';
import { descriptorsOf, IS_LINUX } from '../support/servers/server-children.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { bytesOf, membersOf, openSession, playlistOf, sessionInfo, type Session } from '../support/viewers/viewer.ts';

/** Content of the canary file, which must appear in no response. */
const SECRET = 'the-secret-of-the-canary-file';

suite('films that are traps', { skip: process.platform === 'win32' }, () => {
  const stack = new AsyncDisposableStack();
  let directory = '';
  let server: ServerProcess | undefined;
  /** Serves the baits below /bait/, and counts all other requests, of which there must be none. */
  let canary: Canary | undefined;
  const url = (): string => server?.url ?? assert.fail();
  const bird = (): Canary => canary ?? assert.fail();
  const targets = (): Targets => ({ url: `${bird().url}/secret.ts`, path: join(directory, 'secret.ts') });

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'raffi-hostile-'));
    stack.defer(() => rm(directory, { recursive: true, force: true }));
    await writeFile(
      join(directory, 'secret.ts'),
      Buffer.concat([await readFile(await clip('ts-start-37.5')), Buffer.from(SECRET)]),
    );
    canary = stack.use(await Canary.open(await readFile(join(directory, 'secret.ts'))));
    for (const bait of baits(targets())) await writeFile(join(directory, bait.name), bait.bytes);
    server = stack.use(await startServer());
  });
  after(() => stack.disposeAsync());

  /** The canaries that an ffprobe with these options reaches. */
  async function reached(name: string, options: string[]): Promise<Control['reaches'][]> {
    const file = new CanaryFile(targets().path);
    await file.arm();
    const count = bird().hits.length;
    using port = new PortWatch(SDP_PORT);
    await run('ffprobe', ['-v', 'quiet', ...options, join(directory, name)], () => port.wasOpened);
    return [
      ...(bird().hits.length > count ? (['address'] as const) : []),
      ...((await file.wasRead()) ? (['file'] as const) : []),
      ...(port.wasOpened ? (['port'] as const) : []),
    ];
  }

  test('the canaries are alive: an unguarded reader takes the bait', async (context) => {
    const isNoting = await new CanaryFile(targets().path).isAlive();
    if (!isNoting) context.diagnostic('this disk notes no reads: baits that lead to a file are not proved');
    for (const { name, control } of baits(targets())) {
      if (typeof control === 'string') continue;
      if ((control.reaches === 'file' && !isNoting) || (control.reaches === 'port' && !IS_LINUX)) continue;
      const canaries = await reached(name, control.options);
      assert.ok(canaries.includes(control.reaches), `${name} leads to ${canaries.join(' and ') || 'nothing'}`);
    }
  });

  for (const { name, control } of forgottenBaits({ url: '', path: '' })) {
    test(`no reader of today takes ${name}, guarded or not: ${control}`, async () => {
      const options = ['-protocol_whitelist', 'file,http,tcp,udp,rtp,crypto,data,concat,subfile'];
      const drefs = name.endsWith('.mov') ? ['-enable_drefs', '1', '-use_absolute_path', '1'] : [];
      assert.deepEqual(await reached(name, [...options, ...drefs]), []);
    });
  }

  test('the subtitle packet of the AVI baits is where an unguarded reader looks for subtitles', async () => {
    const codecs = async (name: string): Promise<unknown[]> =>
      (await probe(join(directory, name))).streams.map((stream) => stream['codec_name']);
    assert.deepEqual(await codecs(GAB2_TEXT), ['rawvideo', 'subrip']);
    assert.notDeepEqual(await codecs(GAB2_PLAYLIST), ['rawvideo', 'subrip']);
  });

  test('no file on the disk leads anywhere else', async () => {
    const count = bird().hits.length;
    const file = new CanaryFile(targets().path);
    await file.arm();
    using port = new PortWatch(SDP_PORT);
    for (const bait of baits(targets())) {
      const session = await openSession(url(), join(directory, bait.name));
      await assertHarmless(session, bait);
      // Baits in the form of a media file may play; a list of other files must not even be opened.
      if (!/\.(?:avi|mov)$/u.test(bait.name)) assert.equal((await sessionInfo(session))['status'], 'error', bait.name);
    }
    assert.deepEqual(bird().hits.slice(count), []);
    assert.deepEqual([await file.wasRead(), port.wasOpened], [false, false]);
  });

  test('no file on a server leads anywhere else, with ranges and without', async () => {
    await using host = await Canary.open(Buffer.alloc(0));
    for (const bait of baits(targets())) host.files.set(`/${bait.name}`, bait.bytes);
    const count = bird().hits.length;
    const file = new CanaryFile(targets().path);
    await file.arm();
    using port = new PortWatch(SDP_PORT);
    for (const bait of baits(targets())) {
      await assertHarmless(await openSession(url(), `${host.url}/${bait.name}`), bait);
      await assertHarmless(await openSession(url(), `${host.url}/${bait.name}?plain`), bait);
    }
    assert.deepEqual(bird().hits.slice(count), []);
    assert.deepEqual(
      host.hits.filter((path) => path.includes('secret')),
      [],
    );
    assert.deepEqual([await file.wasRead(), port.wasOpened], [false, false]);
  });

  test('every address in a playlist of another server stays on that server', async () => {
    await using host = await Canary.open(Buffer.alloc(0));
    const elsewhere = targets().url;
    const lines = [
      `#EXT-X-KEY:METHOD=AES-128,URI="${elsewhere}?key"`,
      `#EXT-X-MAP:URI="${elsewhere}?map"`,
      `#EXT-X-SESSION-DATA:DATA-ID="x",URI="${elsewhere}?data"`,
      '#EXTINF:10,',
      `${elsewhere}?segment`,
      '#EXTINF:10,',
      `file://${targets().path}`,
      '#EXTINF:10,',
      'own.ts',
    ];
    host.files.set(
      '/media.m3u8',
      Buffer.from(`#EXTM3U\n#EXT-X-TARGETDURATION:10\n${lines.join('\n')}\n#EXT-X-ENDLIST\n`),
    );
    host.files.set('/own.ts', Buffer.from('own bytes'));
    const main = [
      '#EXTM3U',
      '#EXT-X-STREAM-INF:BANDWIDTH=1',
      'media.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=2',
      `${elsewhere}?variant`,
    ];
    host.files.set('/main.m3u8', Buffer.from(main.join('\n')));
    const count = bird().hits.length;
    const session = await openSession(url(), `${host.url}/main.m3u8`);
    const seen: string[] = [];
    await crawl(`${session.url}/stream.m3u8`, seen);
    await crawl(`${session.url}/stream/child.m3u8`, seen);
    assert.ok(seen.length > 6, seen.join('\n'));
    assert.ok(seen.some((each) => each.includes('own bytes')));
    assert.ok(!seen.join('').includes(SECRET));
    assert.deepEqual(bird().hits.slice(count), []);
  });

  test('detours are refused before anything is opened', { skip: !IS_LINUX }, async () => {
    const sockets = () => descriptorsOf(server?.pid ?? 0).filter((name) => name.startsWith('socket:')).length;
    const [countBefore, hits] = [sockets(), bird().hits.length];
    for (const source of detours(targets())) {
      const reply = await post(url(), { source });
      assert.ok(reply.status === 400 || reply.status === 404, `${source}: ${reply.status} ${reply.text}`);
      assert.match(reply.text, /"error":"[A-Z]/u);
    }
    assert.ok(sockets() <= countBefore + 1, `${sockets()} sockets, ${countBefore} before`);
    assert.equal(bird().hits.length, hits);
  });

  test('addresses of metadata services are refused at once', async () => {
    for (const host of [
      '169.254.169.254',
      '[fe80::1]',
      '0.0.0.0',
      '[::]',
      '100.100.100.200',
      '2852039166',
      '[::ffff:a9fe:a9fe]',
    ]) {
      const reply = await post(url(), { source: `http://${host}/latest/meta-data/film.mp4` });
      assert.deepEqual([reply.status, membersOf(JSON.parse(reply.text))['code']], [403, 'SOURCE_FORBIDDEN'], host);
    }
  });

  test('the server does not read itself', async () => {
    const { port } = new URL(url());
    const session = await openSession(url(), join(directory, 'secret.ts'));
    for (const host of ['127.0.0.1', 'localhost', '127.1', '[::ffff:127.0.0.1]']) {
      const source = `http://${host}:${port}/sessions/${session.id}/stream.m3u8`;
      const reply = await post(url(), { source });
      if (reply.status === 403) continue;
      const info = await sessionInfo({
        id: '',
        url: `${url()}/sessions/${String(membersOf(JSON.parse(reply.text))['id'])}`,
      });
      assert.match(String(info['error']), /own source/u, host);
    }
  });

  test('a film in a codec that hardly anybody uses reaches no decoder', async () => {
    const path = join(directory, 'exotic.mkv');
    const words = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=128x72:d=1', '-c:v', 'magicyuv', path];
    await run('ffmpeg', words);
    assert.ok((await readFile(path)).length > 1000);
    const info = await sessionInfo(await openSession(url(), path));
    assert.deepEqual([info['status'], info['error']], ['error', 'There is no decoder for magicyuv video']);
  });

  test('a file may only lie where the owner says', async () => {
    await copyFile(join(directory, 'secret.ts'), join(directory, 'outside.ts'));
    const roots = await mkdtemp(join(tmpdir(), 'raffi-roots-'));
    stack.defer(() => rm(roots, { recursive: true, force: true }));
    await copyFile(await clip('mp4-faststart'), join(roots, 'inside.mp4'));
    await using limited = await startServer({ env: { RAFFI_MEDIA_ROOTS: roots } });
    assert.equal((await post(limited.url, { source: join(roots, 'inside.mp4') })).status, 200);
    for (const source of [join(directory, 'outside.ts'), `${roots}/../x.ts`, `file://${directory}/outside.ts`]) {
      assert.ok([403, 404].includes((await post(limited.url, { source })).status), source);
    }
  });

  test('after these inputs the server still plays a source', async () => {
    const session = await openSession(url(), await clip('mp4-faststart'));
    const { segments } = await playlistOf(`${session.url}/original/playlist.m3u8`);
    assert.ok((await bytesOf(segments[0]?.uri ?? '')).length > 1000);
    assert.equal(server?.child.exitCode, null);
  });
});

/** The session may fail or play, but it shows nothing of the canary file. */
async function assertHarmless(session: Session, bait: Bait): Promise<void> {
  const info = await sessionInfo(session);
  assert.ok(['error', 'ready', 'streaming'].includes(String(info['status'])), `${bait.name}: ${JSON.stringify(info)}`);
  const seen: string[] = [];
  await crawl(`${session.url}/stream.m3u8`, seen);
  await crawl(`${session.url}/stream/child.m3u8`, seen);
  assert.ok(seen.length > 0);
  assert.ok(!seen.join('').includes(SECRET), bait.name);
}

/** Requests a URL and every URI in the reply, as a player would. */
async function crawl(url: string, seen: string[], depth = 0): Promise<void> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  const body = Buffer.from(await reply.arrayBuffer()).toString('latin1');
  seen.push(body);
  if (!body.startsWith('#EXTM3U') || depth === 3) return;
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const uri of [...lines, ...[...body.matchAll(/URI="([^"]*)"/gu)].map((match) => match[1] ?? '')].slice(0, 8)) {
    const next = URL.parse(uri, url);
    if (next?.protocol === 'http:') await crawl(next.href, seen, depth + 1);
  }
}

async function post(url: string, body: Record<string, unknown>): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${url}/sessions`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: reply.status, text: await reply.text() };
}

/** Kills the command as soon as `isEnough` returns true. */
function run(command: string, words: string[], isEnough = (): boolean => false): Promise<void> {
  return new Promise((resolve) => {
    const child = execFile(command, words, { timeout: 20_000 }, () => {
      clearInterval(looking);
      resolve();
    });
    const looking = setInterval(() => isEnough() && child.kill('SIGKILL'), 20);
  });
}

/** A server that records its requests. */
class Canary implements AsyncDisposable {
  readonly hits: string[] = [];
  readonly files = new Map<string, Buffer>();
  readonly #server: Server;

  private constructor(content: Buffer) {
    this.#server = createServer((request, response) => {
      const path = request.url ?? '';
      const bytes = this.files.get(path.split('?')[0] ?? '') ?? content;
      this.hits.push(path);
      const match = path.endsWith('?plain') ? null : /^bytes=(\d+)-(\d*)$/u.exec(request.headers.range ?? '');
      if (match === null) return void response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
      const [start, end] = [
        Number(match[1]),
        Math.min(match[2] === '' ? Infinity : Number(match[2]) + 1, bytes.length),
      ];
      if (start >= bytes.length) return void response.writeHead(416, { 'content-length': 0 }).end();
      const range = `bytes ${start}-${end - 1}/${bytes.length}`;
      response
        .writeHead(206, { 'content-range': range, 'content-length': end - start, etag: '"1"' })
        .end(bytes.subarray(start, end));
    });
  }

  static async open(content: Buffer): Promise<Canary> {
    const canary = new Canary(content);
    await new Promise<void>((resolve) => canary.#server.listen(0, '127.0.0.1', resolve));
    return canary;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
