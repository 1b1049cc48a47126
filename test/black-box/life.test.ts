// The life of the process: its start, what it survives, its end, and what it leaves behind.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { test } from 'node:test';

import { at } from '../http/json.ts';
import {
  MAIN,
  newSession,
  serverEnvironment,
  serverHome,
  startServer,
  type ServerHome,
} from '../support/servers/server-process.ts';

async function run(
  home: ServerHome,
  env: Record<string, string>,
  args: string[] = [],
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: serverEnvironment(home, env) });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...texts };
}

test('it says where it is and what to try, and answers in less than 100 ms', async () => {
  await using server = await startServer();
  // Own sockets, because the first `fetch` of a process costs more than the reply. The best of five, because the machine may be busy.
  const times: number[] = [];
  for (let count = 0; count < 5; count++) {
    const before = performance.now();
    const reply = await rawGet(server.url);
    times.push(performance.now() - before);
    assert.match(reply, /^HTTP\/1\.1 200 /u);
    assert.equal(at(reply.split('\r\n\r\n')[1] ?? '', 'pid'), server.pid);
  }
  assert.ok(Math.min(...times) < 100, times.join(' '));
  assert.ok((times[0] ?? Infinity) < 500, 'the desktop app allows half a second');
  assert.match(server.output(), /^try: curl .*\/sessions /mu);
});

test('the printed example works', { skip: process.platform === 'win32' }, async () => {
  await using server = await startServer();
  const line = /^try: (.*)$/mu.exec(server.output())?.[1]?.replace('/path/to/a/film.mkv', MAIN) ?? '';
  const child = spawn('sh', ['-c', line]);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await new Promise((resolve) => child.once('close', resolve));
  assert.match(String(at(out, 'streamUrl')), /^http:/u);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(
    `${signal} ends it with code 0 within a second, and nothing of it is left`,
    { skip: process.platform === 'win32' },
    async () => {
      await using server = await startServer();
      await newSession(server.url, { source: MAIN });
      const held = fetch(`${server.url}/metrics`).then((reply) => reply.text());
      await held;
      const { code, milliseconds } = await server.end(signal);
      assert.equal(code, 0);
      assert.ok(milliseconds < 1000, `${milliseconds} ms`);
      assert.equal(existsSync(join(server.home.tmp, 'raffi')), false);
    },
  );
}

test('further signals during the end are harmless', { skip: process.platform === 'win32' }, async () => {
  await using server = await startServer();
  for (let count = 0; count < 4; count++) server.child.kill('SIGTERM');
  assert.equal((await server.end('SIGTERM')).code, 0);
});

test('a taken port is one line and code 1', async () => {
  await using home = await serverHome();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const { code, out, err } = await run(home, { RAFFI_SERVER_ADDR: `127.0.0.1:${port}` });
  taken.close();
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, new RegExp(`^[^\\n]*127\\.0\\.0\\.1:${port} is in use[^\\n]*\\n$`, 'u'));
  assert.equal(existsSync(join(home.tmp, 'raffi')), false);
});

test('whoever started a server knows it by the text it was given', async () => {
  await using server = await startServer({ env: { RAFFI_INSTANCE_TOKEN: 'a-text-of-mine' } });
  const reply = await (await fetch(server.url)).text();
  assert.deepEqual([at(reply, 'instance'), at(reply, 'pid')], ['a-text-of-mine', server.pid]);
});

test('an invalid setting ends the start with one line and code 1', async () => {
  await using home = await serverHome();
  for (const env of [
    { RAFFI_SERVER_ADDR: 'nonsense' },
    { RAFFI_CACHE_SIZE: 'much' },
    { RAFFI_SERVER_ADDR: '203.0.113.7:1' },
  ]) {
    const { code, err } = await run(home, env);
    assert.equal(code, 1, err);
    assert.match(err, /^[^\n]+\n$/u);
  }
  const { code, err } = await run(home, {}, ['dance']);
  assert.equal(code, 1);
  assert.match(err, /"dance" is not a command/u);
});

test('--help and --version print and end', async () => {
  await using home = await serverHome();
  assert.match((await run(home, {}, ['--help'])).out, /RAFFI_SERVER_ADDR/u);
  const { code, out } = await run(home, {}, ['--version']);
  assert.equal(code, 0);
  assert.match(out, /^\d+\.\d+\.\d+\n$/u);
});

test('closed standard streams do not end the server', async () => {
  await using server = await startServer();
  server.child.stdin?.destroy();
  server.child.stdout?.destroy();
  server.child.stderr?.destroy();
  for (let count = 0; count < 5; count++) await newSession(server.url, { source: MAIN });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal((await fetch(server.url)).status, 200);
});

test(
  'a killed server leaves its sessions to the next one, and nothing else',
  { skip: process.platform === 'win32' },
  async () => {
    await using home = await serverHome();
    const first = await startServer({ home });
    const id = await newSession(first.url, { source: MAIN, startTime: 12.5 });
    await first.end('SIGKILL');
    assert.equal((await readdir(join(home.tmp, 'raffi'))).length, 1);
    await using second = await startServer({ home });
    const info = await (await fetch(`${second.url}/sessions/${id}`)).text();
    assert.deepEqual([at(info, 'source'), at(info, 'startTime'), at(info, 'position')], [MAIN, 12.5, 12.5]);
    await until(async () => (await readdir(join(home.tmp, 'raffi'))).length === 1);
    await second.end();
    await using third = await startServer({ home });
    assert.equal((await fetch(`${third.url}/sessions/${id}`)).status, 404, 'a clean end ends the sessions');
  },
);

test('the sessions and the directory of a living server stay', async () => {
  await using home = await serverHome();
  await using first = await startServer({ home });
  const id = await newSession(first.url, { source: MAIN });
  await using second = await startServer({ home });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal((await fetch(`${second.url}/sessions/${id}`)).status, 404);
  assert.equal((await fetch(`${first.url}/sessions/${id}`)).status, 200);
  assert.equal((await readdir(join(home.tmp, 'raffi'))).length, 2);
});

test('what is not a dead server’s is never removed', { skip: process.platform === 'win32' }, async () => {
  await using home = await serverHome();
  const root = join(home.tmp, 'raffi');
  const precious = join(home.tmp, 'precious');
  await mkdir(join(root, 'mine'), { recursive: true });
  await mkdir(precious);
  await writeFile(join(precious, 'film'), 'film');
  await symlink(precious, join(root, 'server-1-0123456789ab'));
  await using server = await startServer({ home });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await server.end();
  assert.deepEqual((await readdir(root)).sort(), ['mine', 'server-1-0123456789ab']);
  assert.deepEqual(await readdir(precious), ['film']);
});

test('a damaged database is created again', async () => {
  await using home = await serverHome();
  await mkdir(home.data, { recursive: true });
  await writeFile(
    join(home.data, 'raffi.db'),
    'this is no database, and it is long enough to be read as one'.repeat(100),
  );
  await using server = await startServer({ home });
  await newSession(server.url, { source: MAIN });
  assert.equal((await fetch(`${server.url}/sessions`)).status, 200);
});

test(
  'without a directory for the database the server still works',
  { skip: process.platform === 'win32' },
  async () => {
    await using home = await serverHome();
    await writeFile(home.data, 'a file in the way');
    await using server = await startServer({ home });
    const id = await newSession(server.url, { source: MAIN });
    assert.equal((await fetch(`${server.url}/sessions/${id}`)).status, 200);
  },
);

async function rawGet(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(`GET / HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  return textOf(socket);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    assert.ok(tries < 300, 'it never came to be');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
