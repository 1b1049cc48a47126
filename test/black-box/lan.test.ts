// LAN mode from a second machine: what a device of the network may do without a token, with one, and in an open network.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { clip } from '../support/clips/clips.ts';
import { at } from '../http/json.ts';
import { ask, homeNetwork, runScript, type HomeNetwork, type Reply } from '../support/servers/home-network.ts';
import { serverHome, startServer, type ServerHome, type ServerProcess } from '../support/servers/server-process.ts';

const network: HomeNetwork | undefined = homeNetwork();
const LAN_TOKEN = 'correct-horse-battery';

suite('a device of the network', { skip: network === undefined && 'this machine has no network to test with' }, () => {
  const home = (): HomeNetwork => network ?? assert.fail();
  const stack = new AsyncDisposableStack();
  let closed: ServerProcess | undefined;
  let film = '';

  before(async () => {
    stack.defer(() => network?.[Symbol.dispose]());
    film = await clip('mp4-faststart');
    closed = stack.use(await serve({}));
  });
  after(() => stack.disposeAsync());

  function serve(env: Record<string, string>, keptHome?: ServerHome): Promise<ServerProcess> {
    const own = { RAFFI_SERVER_ADDR: '0.0.0.0:0', RAFFI_CAST_HOST: home().serverHost, ...env };
    return startServer({ prefix: home().server, env: own, ...(keptHome && { home: keptHome }) });
  }

  /** From the server's own machine, and from the other one. */
  const local = (server: ServerProcess | undefined, path: string, words: string[] = []): Reply =>
    ask(home().server, `http://127.0.0.1:${portOf(server)}${path}`, words);
  const device = (server: ServerProcess | undefined, path: string, words: string[] = []): Reply =>
    ask(home().device, `http://${home().serverHost}:${portOf(server)}${path}`, words);

  function newSession(server: ServerProcess | undefined, source = film): string {
    const reply = local(server, '/sessions', json({ source }));
    assert.equal(reply.status, 200, reply.body);
    return String(at(reply.body, 'id'));
  }

  test('gets nothing without a token, whatever it says about itself', () => {
    const id = newSession(closed);
    assert.equal(local(closed, '/').status, 200);
    const rows: [number, string, string[]?][] = [
      [403, '/'],
      [403, '/health'],
      [403, '/sessions'],
      [403, '/no/such/thing'],
      [403, `/sessions/${id}`],
      [403, `/sessions/${id}/stream.m3u8`],
      [403, '/sessions', json({ source: film })],
      [403, '/cast/token', json({ sessionId: id })],
      [403, `/sessions/${id}`, ['-X', 'DELETE']],
      [403, '/', ['-H', 'X-Forwarded-For: 127.0.0.1', '-H', 'Forwarded: for=127.0.0.1', '-H', 'X-Real-IP: 127.0.0.1']],
      [403, '/', ['-H', 'Host: localhost']],
      [403, '/', ['-H', 'Host: 127.0.0.1', '-H', 'Origin: http://127.0.0.1:11420']],
      [421, '/', ['-H', 'Host: evil.example']],
      [401, '/', ['-H', 'X-Raffi-Cast-Token: guess']],
    ];
    for (const [status, path, words] of rows) {
      const reply = device(closed, path, words);
      assert.equal(reply.status, status, `${path} ${words?.join(' ') ?? ''} ${reply.body}`);
      assert.match(String(at(reply.body, 'error')), /^[A-Z].+[^.]$/u);
    }
  });

  test('plays a session with a cast token, to the last address in its playlists, and only that session', () => {
    const [id, other] = [newSession(closed), newSession(closed)];
    const issued = local(closed, '/cast/token', json({ sessionId: id, duration: 60 }));
    const streamUrl = URL.parse(String(at(issued.body, 'streamUrl'))) ?? assert.fail();
    assert.equal(streamUrl.host, `${home().serverHost}:${portOf(closed)}`);
    const token = streamUrl.searchParams.get('cast_token') ?? assert.fail();
    const origin = ['-H', 'Origin: https://www.gstatic.com'];
    for (const name of ['stream/child.m3u8', 'stream.m3u8']) {
      const played = play(new URL(`${streamUrl.origin}/sessions/${id}/${name}?cast_token=${token}`), origin);
      assert.ok(
        played.some((each) => each.length > 10_000),
        name,
      );
    }
    const segment = `/sessions/${id}/stream/segment0.ts?cast_token=${token}`;
    assert.equal(device(closed, segment, ['-I', ...origin]).status, 200);
    assert.equal(device(closed, segment, ['-r', '188-375', ...origin]).body.length, 188);
    assert.equal(device(closed, `/sessions/${other}/stream.m3u8?cast_token=${token}`).status, 401);
    assert.equal(device(closed, `/sessions/${id}?cast_token=${token}`).status, 403);
    assert.equal(device(closed, `/sessions/${id}?cast_token=${token}`, ['-X', 'DELETE']).status, 403);
    assert.equal(local(closed, `/sessions/${id}`, ['-X', 'DELETE']).status, 204);
    assert.equal(device(closed, `/sessions/${id}/stream.m3u8?cast_token=${token}`).status, 401);
    assert.ok(!closed?.output().includes(token));
  });

  function play(url: URL, words: string[], depth = 0): string[] {
    const reply = ask(home().device, url.href, words);
    assert.equal(reply.status, 200, `${url.pathname} ${reply.body.slice(0, 200)}`);
    assert.match(reply.head, /^access-control-allow-origin: \*$/imu);
    if (!reply.body.startsWith('#EXTM3U')) return [reply.body];
    const lines = reply.body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const inTags = [...reply.body.matchAll(/URI="([^"]*)"/gu)].map((match) => match[1] ?? '');
    for (const uri of [...lines, ...inTags]) assert.match(uri, /[?&]cast_token=/u);
    const next = depth === 0 ? [lines[0] ?? '', ...inTags] : [lines[0] ?? '', ...inTags.slice(0, 1)];
    return next.flatMap((uri) => play(new URL(uri, url), words, depth + 1));
  }

  test('plays on with its token after the server was killed, and not with one that was revoked', async () => {
    await using killedHome = await serverHome();
    const first = await serve({}, killedHome);
    const [id, other] = [newSession(first), newSession(first)];
    const issue = (sessionId: string): string =>
      String(at(local(first, '/cast/token', json({ sessionId, duration: 600 })).body, 'token'));
    const segment = (of: string, token: string, number: number): string =>
      `/sessions/${of}/stream/segment0000${number}.ts?cast_token=${token}`;
    const [oldest, ended] = [issue(id), issue(other)];
    // The oldest tokens of a session are removed for new ones.
    const newer = local(first, '/cast/token?count=[1-32]', json({ sessionId: id, duration: 600 }));
    const token = [...newer.body.matchAll(/"token":"([^"]+)"/gu)].at(-1)?.[1] ?? assert.fail();
    assert.equal(device(first, segment(id, token, 0)).status, 200);
    assert.equal(device(first, segment(other, ended, 0)).status, 200);
    assert.equal(local(first, `/sessions/${other}`, ['-X', 'DELETE']).status, 204);
    assert.equal(device(first, segment(id, oldest, 0)).status, 401);
    await first.end('SIGKILL');
    await using second = await serve({ RAFFI_SERVER_ADDR: `0.0.0.0:${portOf(first)}` }, killedHome);
    assert.equal(device(second, segment(id, token, 1)).status, 200);
    for (const [of, revoked] of [
      [id, oldest],
      [other, ended],
      [id, 'guess'],
    ] as const)
      assert.equal(device(second, segment(of, revoked, 1)).status, 401);
    assert.equal(local(second, `/sessions/${id}`, ['-X', 'DELETE']).status, 204);
    assert.equal(device(second, segment(id, token, 1)).status, 401);
  });

  test('that is paired has the whole API, and one that guesses is stopped', async () => {
    await using server = await serve({ RAFFI_LAN_TOKEN: LAN_TOKEN });
    const bearer = ['-H', `Authorization: Bearer ${LAN_TOKEN}`];
    assert.equal(device(server, '/').status, 403);
    assert.equal(device(server, '/', bearer).status, 200);
    const made = device(server, '/sessions', [...bearer, ...json({ source: film })]);
    assert.equal(made.status, 200, made.body);
    assert.match(String(at(made.body, 'streamUrl')), new RegExp(`^http://${home().serverHost}:`, 'u'));
    assert.equal(device(server, '/sessions', bearer).status, 200);
    // All requests come from one process, so that the right token arrives before a slow machine has earned another try.
    const guesses = `http://${home().serverHost}:${portOf(server)}/?lan_token=guess-[1-24]`;
    const { head, body } = device(server, '/', [guesses, '--next', '-s', '-i', ...bearer]);
    const statuses = [...`${head}\r\n\r\n${body}`.matchAll(/HTTP\/1\.1 (\d+)/gu)].map((match) => match[1]);
    assert.deepEqual(statuses, [...Array.from({ length: 20 }, () => '401'), ...Array.from({ length: 5 }, () => '429')]);
    assert.match(body, /^retry-after: \d+\r$/imu);
    assert.equal(local(server, '/').status, 200);
    assert.ok(!server.output().includes(LAN_TOKEN));
  });

  test('of an open network plays, but what is the owner’s stays the owner’s', async () => {
    await using server = await serve({ RAFFI_LAN_OPEN: '1', RAFFI_SERVER_ADDR: ':0' });
    assert.match(server.output(), /RAFFI_LAN_OPEN: every device/u);
    assert.equal(device(server, '/').status, 200);
    const id = newSession(server);
    assert.equal(device(server, `/sessions/${id}/stream.m3u8`).status, 200);
    for (const path of ['/sessions', '/torrents', '/metrics', '/cast/devices', '/casting']) {
      assert.equal(device(server, path).status, 403, path);
    }
    for (const source of [film, `file://${film}`, 'http://127.0.0.1:1/x.mp4', `http://${home().serverHost}/x.mp4`]) {
      const reply = device(server, '/sessions', json({ source }));
      assert.deepEqual([reply.status, at(reply.body, 'code')], [403, 'SOURCE_FORBIDDEN'], source);
    }
    assert.equal(
      device(server, '/sessions', [...json({ source: film }), '-H', 'Origin: https://evil.example']).status,
      403,
    );
    const { publicHost } = home();
    if (publicHost !== undefined) assert.equal(device(server, '/', ['--interface', publicHost]).status, 403);
  });

  test(
    'of the internet does not lead the server into the network',
    { skip: network?.publicHost === undefined },
    async () => {
      const { publicHost = '', deviceHost = '' } = home();
      using web = await runScript(home().device, webServer(deviceHost));
      const port = web.firstLine;
      const whatIs = (path: string): string => {
        const id = newSession(closed, `http://${publicHost}:${port}${path}`);
        const answers = [`/sessions/${id}`, `/sessions/${id}/stream.m3u8`].map((each) => local(closed, each).body);
        const playlist = answers[1] ?? '';
        if (playlist.startsWith('#EXTM3U')) {
          for (const line of playlist.split('\n').filter((each) => each !== '' && !each.startsWith('#')))
            answers.push(local(closed, `/sessions/${id}/${line}`).body);
        }
        return answers.join('\n');
      };
      assert.match(whatIs('/redirect'), /home network/u);
      assert.match(whatIs('/list.m3u8'), /home network/u);
      // Its output is read between two waits only.
      await delay(100);
      assert.doesNotMatch(web.output(), /canary/u);
      // The canary is reached when the owner names it.
      assert.equal(local(closed, `/sessions/${newSession(closed, `http://${deviceHost}:${port}/x.mp4`)}`).status, 200);
      await delay(100);
      assert.match(web.output(), /canary/u);
    },
  );
});

function portOf(server: ServerProcess | undefined): string {
  return URL.parse(server?.url ?? '')?.port ?? assert.fail();
}

function json(body: object): string[] {
  return ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)];
}

/** A server of the internet that redirects every request to the private address of its own machine, where a canary counts. */
function webServer(deviceHost: string): string {
  return `const { createServer } = require('node:http');
    const server = createServer((request, response) => {
      const port = server.address().port;
      const secret = 'http://${deviceHost}:' + port + '/secret.ts';
      if (request.socket.localAddress.endsWith('${deviceHost}')) {
        console.log('canary');
        return response.end('canary');
      }
      if (request.url === '/redirect') return response.writeHead(302, { location: secret }).end();
      response.end('#EXTM3U\\n#EXT-X-TARGETDURATION:9\\n#EXTINF:9,\\n' + secret + '\\n#EXT-X-ENDLIST\\n');
    });
    server.listen(0, '0.0.0.0', () => console.log(server.address().port));`;
}
