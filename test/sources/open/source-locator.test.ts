import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { assertPresent, parseLocator } from '../../../src/sources/open/source-locator.ts';
import { appError, temporaryDirectory } from '../opened.ts';

const POSIX = process.platform !== 'win32';

test('web addresses become URLs, with their headers in lower case and without a fragment', () => {
  const locator = parseLocator('https://Example.com/a%20b.mkv?x=1#t=5', { headers: { Referer: 'https://a/' } });
  assert.equal(locator.kind, 'http');
  assert.equal(locator.kind === 'http' && locator.url.href, 'https://example.com/a%20b.mkv?x=1');
  assert.deepEqual(locator.kind === 'http' && locator.headers, { referer: 'https://a/' });
});

test('spaces around an address are not part of it, those in a path are', { skip: !POSIX }, () => {
  assert.equal(parseLocator(' http://example.com/ ').kind, 'http');
  assert.deepEqual(parseLocator('/films/a '), { kind: 'file', path: '/films/a ' });
});

test('credentials in an address become a header, unless one is given', () => {
  const locator = parseLocator('http://us%40er:p%3Aw@example.com/');
  assert.equal(locator.kind === 'http' && locator.url.href, 'http://example.com/');
  const expected = `Basic ${Buffer.from('us@er:p:w').toString('base64')}`;
  assert.equal(locator.kind === 'http' && locator.headers['authorization'], expected);
  const given = parseLocator('http://a:b@example.com/', { headers: { Authorization: 'Bearer x' } });
  assert.equal(given.kind === 'http' && given.headers['authorization'], 'Bearer x');
});

test('local paths and file addresses are files, whatever the kind says', { skip: !POSIX }, () => {
  assert.deepEqual(parseLocator('/films/a b.mkv', { kind: 'http' }), { kind: 'file', path: '/films/a b.mkv' });
  assert.deepEqual(parseLocator('file:///films/a%20b.mkv'), { kind: 'file', path: '/films/a b.mkv' });
  assert.deepEqual(parseLocator('file://localhost/films/a.mkv'), { kind: 'file', path: '/films/a.mkv' });
});

test('Windows paths are recognised on any platform', () => {
  assert.deepEqual(parseLocator('C:\\films\\a.mkv'), { kind: 'file', path: 'C:\\films\\a.mkv' });
  assert.deepEqual(parseLocator('d:/films/a.mkv'), { kind: 'file', path: 'd:/films/a.mkv' });
  assert.deepEqual(parseLocator('file:///C:/films/a%20b.mkv'), { kind: 'file', path: 'C:\\films\\a b.mkv' });
});

const REFUSED: [string, RegExp][] = [
  ['', /empty/],
  ['   ', /empty/],
  ['a'.repeat(20_000), /too long/],
  ['http://example.com/\nx', /control characters/],
  ['/films/a\0.mkv', /control characters/],
  ['file:///films/a%00.mkv', /not valid|control/],
  ['file:///films/a%0A.mkv', /control characters/],
  ['films/a.mkv', /full path/],
  ['./a.mkv', /full path/],
  ['../a.mkv', /full path/],
  ['-report', /full path/],
  ['NUL', /full path/],
  ['\\\\host\\share\\a.mkv', /Network and device/],
  ['//host/share/a.mkv', /Network and device/],
  ['\\/host/share', /Network and device/],
  ['\\\\?\\C:\\a.mkv', /Network and device/],
  ['\\\\.\\PhysicalDrive0', /Network and device/],
  ['file://host/share/a.mkv', /Network and device/],
  ['file:////host/share/a.mkv', /Network and device/],
  ['C:\\films\\nul.mkv', /Device names/],
  ['C:\\CON\\a.mkv', /Device names/],
  ['C:\\a.mkv:secret', /not valid/],
  ['C:\\\\host\\a', /not valid/],
  ['C:a.mkv', /"c:" are not supported/],
  ['magnet:?xt=urn:btih:01234567890123456789', /names no torrent/],
  ['magnet:', /not valid/],
  ['0123456789abcdef0123456789abcdef0123456', /full path/],
  ['http://', /not valid/],
  ['http://exa mple.com/', /not valid/],
];
for (const scheme of 'tcp udp rtmp rtsp srt unix pipe gopher sftp ftp async cache concat subfile data crypto javascript'.split(
  ' ',
)) {
  REFUSED.push([`${scheme}://127.0.0.1:9/a?listen`, /are not supported/]);
}

for (const [text, sentence] of REFUSED) {
  test(`refuses ${JSON.stringify(text.slice(0, 60))}`, () => {
    assert.throws(() => parseLocator(text), appError('SOURCE_UNUSABLE', sentence));
  });
}

test('magnets and info hashes are torrents, whatever the kind says', () => {
  const hash = '0123456789abcdef0123456789abcdef01234567';
  for (const text of [
    hash,
    ` ${hash.toUpperCase()} `,
    `magnet:?xt=urn:btih:${hash}`,
    'AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH',
  ]) {
    const locator = parseLocator(text, { kind: 'http', fileIndex: 3 });
    assert.equal(locator.kind, 'torrent', text);
    assert.equal(locator.kind === 'torrent' && locator.fileIndex, 3);
    assert.equal(
      locator.kind === 'torrent' && locator.torrent.kind === 'magnet' && locator.torrent.magnet.infoHash,
      hash,
    );
  }
});

test('what a paste put around an address is no part of it', () => {
  const magnet = 'magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&dn=a';
  const expected = parseLocator(magnet);
  const mark = '\u200b';
  for (const text of [
    ` ${magnet}\r\n`,
    `"${magnet}"`,
    `<${magnet}>`,
    `'${magnet}'\n`,
    `\u201c${magnet}\u201d`,
    `\`${magnet}\``,
    `\ufeff${mark}\u00a0< "${magnet}" >\t`,
    encodeURIComponent(magnet),
  ])
    assert.deepEqual(parseLocator(text), expected, text);
  assert.deepEqual(parseLocator('<https://example.com/a.mkv>'), parseLocator('https://example.com/a.mkv'));
  assert.deepEqual(parseLocator('"C:\\films\\a b.mkv"'), { kind: 'file', path: 'C:\\films\\a b.mkv' });
  assert.deepEqual(parseLocator('"/films/a b.mkv"\n'), { kind: 'file', path: '/films/a b.mkv' });
  assert.deepEqual(parseLocator("/films/'a'"), { kind: 'file', path: "/films/'a'" });
});

test('texts of blanks and quotes alone end soon, in words', () => {
  for (const text of [
    '"'.repeat(16_000),
    '< '.repeat(8000),
    ' '.repeat(300_000),
    `${' '.repeat(15_000)}x`,
    '""',
    '<>',
  ]) {
    const started = performance.now();
    assert.throws(() => parseLocator(text), appError('SOURCE_UNUSABLE', /./u));
    assert.ok(performance.now() - started < 200);
  }
});

test('files and addresses are torrents by their name, or when the caller says so', { skip: !POSIX }, () => {
  const of = (text: string, kind?: 'http' | 'torrent'): unknown[] => {
    const locator = parseLocator(text, { kind });
    return [locator.kind, locator.kind === 'torrent' ? locator.torrent.kind : undefined];
  };
  assert.deepEqual(of('/films/a.Torrent'), ['torrent', 'file']);
  assert.deepEqual(of('C:\\a.torrent'), ['torrent', 'file']);
  assert.deepEqual(of('https://example.com/a.torrent?x=1'), ['torrent', 'http']);
  assert.deepEqual(of('https://example.com/download/7', 'torrent'), ['torrent', 'http']);
  assert.deepEqual(of('/films/a', 'torrent'), ['torrent', 'file']);
  assert.deepEqual(of('https://example.com/download/7'), ['http', undefined]);
});

test('refuses headers that would break a request, naming them', () => {
  const parse = (headers: Record<string, string>) => () => parseLocator('http://example.com/', { headers });
  assert.throws(parse({ Range: 'bytes=0-' }), appError('BAD_REQUEST', /"range"/));
  assert.throws(parse({ Host: 'x' }), appError('BAD_REQUEST', /"host"/));
  assert.throws(parse({ 'X-A': 'a\r\nX-B: c' }), appError('BAD_REQUEST', /"x-a"/));
  assert.throws(parse({ 'X A': 'a' }), appError('BAD_REQUEST', /headers/));
});

test('a present file passes, a missing one is not found', async () => {
  await using stack = new AsyncDisposableStack();
  const path = join(await temporaryDirectory(stack), 'a.mkv');
  await writeFile(path, '');
  await assertPresent({ kind: 'file', path });
  await assert.rejects(
    assertPresent({ kind: 'file', path: `${path}x` }),
    appError('SOURCE_NOT_FOUND', /does not exist/),
  );
  await assert.rejects(assertPresent({ kind: 'file', path: join(path, 'x') }), appError('SOURCE_NOT_FOUND'));
  await assertPresent(parseLocator('http://127.0.0.1:1/never-asked'));
});

test('what is not a file is refused and never opened', { skip: !POSIX }, async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory(stack);
  const pipe = join(directory, 'pipe.mkv');
  execFileSync('mkfifo', [pipe]);
  const socket = join(directory, 'socket');
  const server = createServer().listen(socket);
  await once(server, 'listening');
  stack.defer(() => void server.close());
  const cases: [string, RegExp][] = [
    [directory, /directory/],
    [pipe, /pipe/],
    [socket, /socket/],
    ['/dev/zero', /device/],
    ['/proc/self/environ', /not a media file/],
    ['/sys/kernel/mm', /not a media file/],
  ];
  for (const [path, sentence] of cases) {
    await assert.rejects(assertPresent({ kind: 'file', path }), appError('SOURCE_UNUSABLE', sentence), path);
  }
});

test('a link is judged by where it leads', { skip: !POSIX }, async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory(stack);
  const [films, outside] = [join(directory, 'films'), join(directory, 'outside.mkv')];
  await mkdir(films);
  await writeFile(outside, 'x');
  await writeFile(join(films, 'in.mkv'), 'x');
  await symlink(outside, join(films, 'out.mkv'));
  await symlink('/proc/self/environ', join(films, 'env.mkv'));
  await symlink(join(films, 'loop.mkv'), join(films, 'loop.mkv'));
  const check = (name: string) => assertPresent({ kind: 'file', path: join(films, name) }, { roots: [films] });
  await check('in.mkv');
  await assert.rejects(check('out.mkv'), appError('SOURCE_FORBIDDEN', /outside/));
  await assert.rejects(check('env.mkv'), appError('SOURCE_UNUSABLE'));
  await assert.rejects(check('loop.mkv'), appError('SOURCE_UNUSABLE', /cannot be followed/));
  await mkdir(`${films}-2`);
  await writeFile(`${films}-2/a`, 'x');
  await assert.rejects(
    assertPresent({ kind: 'file', path: `${films}-2/a` }, { roots: [films] }),
    appError('SOURCE_FORBIDDEN', /outside/),
  );
});

test('a Windows path is not found elsewhere', { skip: !POSIX }, async () => {
  await assert.rejects(assertPresent(parseLocator('C:\\films\\a.mkv')), appError('SOURCE_NOT_FOUND'));
});

test('a file without permission is forbidden', { skip: !POSIX }, async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory(stack);
  await chmod(directory, 0o755);
  const path = join(directory, 'secret.mkv');
  await writeFile(path, 'x');
  await chmod(path, 0o000);
  // Root may read everything, so the question is asked by a process that has dropped its user.
  const module = JSON.stringify(new URL('../../../src/sources/open/source-locator.ts', import.meta.url).href);
  const script = `
    const { assertPresent } = await import(${module});
    if (process.getuid() === 0) process.setuid(65534);
    await assertPresent({ kind: 'file', path: ${JSON.stringify(path)} }).then(() => console.log('present'), (e) => console.log(e.code));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  assert.equal(stdout.trim(), 'SOURCE_FORBIDDEN');
});
