import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';

import { until } from '../../support/servers/server-children.ts';
import { SEGMENT_BYTES, segmentBytes } from '../file-presentation.ts';
import { startApp, type RunningApp } from '../running-app.ts';

const SEGMENT = Buffer.from(segmentBytes('original', 3));

async function ask(
  app: RunningApp,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; headers: Headers; body: Buffer }> {
  const [session = { id: await app.session() }] = app.sessions.list();
  const reply = await fetch(`${app.url}/sessions/${session.id}/original/segment00003.m4s`, { method, headers });
  return { status: reply.status, headers: reply.headers, body: Buffer.from(await reply.arrayBuffer()) };
}

for (const inMemory of [false, true]) {
  const where = inMemory ? 'from memory' : 'from a file';

  test(`all of a segment ${where}`, async () => {
    await using app = await startApp();
    app.files.inMemory = inMemory;
    const { status, headers, body } = await ask(app);
    assert.equal(status, 200);
    assert.deepEqual(body, SEGMENT);
    assert.equal(headers.get('content-length'), String(SEGMENT_BYTES));
    assert.equal(headers.get('accept-ranges'), 'bytes');
    assert.equal(headers.get('etag'), '"original-3"');
  });

  test(`ranges of a segment ${where}`, async () => {
    await using app = await startApp();
    app.files.inMemory = inMemory;
    const last = SEGMENT_BYTES - 1;
    const cases: [string, number, number][] = [
      ['bytes=0-0', 0, 1],
      ['bytes=5-9', 5, 10],
      [`bytes=262143-262144`, 262_143, 262_145],
      [`bytes=${last}-`, last, SEGMENT_BYTES],
      ['bytes=100-99999999', 100, SEGMENT_BYTES],
      ['bytes=-7', SEGMENT_BYTES - 7, SEGMENT_BYTES],
      ['bytes=-99999999', 0, SEGMENT_BYTES],
    ];
    for (const [range, start, end] of cases) {
      const { status, headers, body } = await ask(app, { range });
      assert.equal(status, 206, range);
      assert.equal(headers.get('content-range'), `bytes ${start}-${end - 1}/${SEGMENT_BYTES}`);
      assert.deepEqual(body, SEGMENT.subarray(start, end), range);
    }
  });
}

test('ranges that make no sense are ignored, those beyond the end are 416', async () => {
  await using app = await startApp();
  for (const range of ['bytes=', 'bytes=-', 'bytes=9-5', 'lines=1-2', 'bytes=0-1,5-6', 'bytes=a-b']) {
    assert.equal((await ask(app, { range })).status, 200, range);
  }
  for (const range of [`bytes=${SEGMENT_BYTES}-`, 'bytes=-0']) {
    const { status, headers } = await ask(app, { range });
    assert.deepEqual([status, headers.get('content-range')], [416, `bytes */${SEGMENT_BYTES}`], range);
  }
});

test('If-Range lets a range count only for the same bytes', async () => {
  await using app = await startApp();
  assert.equal((await ask(app, { range: 'bytes=0-9', 'if-range': '"original-3"' })).status, 206);
  assert.equal((await ask(app, { range: 'bytes=0-9', 'if-range': '"other"' })).status, 200);
  assert.equal((await ask(app, { range: 'bytes=0-9', 'if-range': 'Wed, 21 Oct 2015 07:28:00 GMT' })).status, 200);
});

test('who has the bytes already gets 304', async () => {
  await using app = await startApp();
  for (const known of ['"original-3"', 'W/"original-3"', '"a", "original-3"', '*']) {
    const { status, body, headers } = await ask(app, { 'if-none-match': known });
    assert.deepEqual([status, body.byteLength, headers.get('etag')], [304, 0, '"original-3"'], known);
  }
  assert.equal((await ask(app, { 'if-none-match': '"a"' })).status, 200);
});

test('HEAD is GET without the bytes', async () => {
  await using app = await startApp();
  const whole = await ask(app, {}, 'HEAD');
  assert.deepEqual(
    [whole.status, whole.headers.get('content-length'), whole.body.byteLength],
    [200, String(SEGMENT_BYTES), 0],
  );
  const part = await ask(app, { range: 'bytes=0-9' }, 'HEAD');
  assert.deepEqual([part.status, part.headers.get('content-length')], [206, '10']);
});

test('taken-over replies carry the headers for other origins', async () => {
  await using app = await startApp();
  const { headers } = await ask(app, { origin: 'https://raffi.al' });
  assert.equal(headers.get('access-control-allow-origin'), 'https://raffi.al');
  assert.equal(headers.get('vary'), 'Origin');
  assert.match(headers.get('access-control-expose-headers') ?? '', /Content-Range/u);
});

test('a segment that is evicted before it is opened is asked for again, once', async () => {
  await using app = await startApp();
  const id = await app.session();
  const { files } = app;
  for (const path of ['original/segment00003.m4s', 'stream/segment3.ts']) {
    const asked = files.wishes.length;
    files.evictions = 1;
    const reply = await fetch(`${app.url}/sessions/${id}/${path}`);
    assert.deepEqual([reply.status, (await reply.arrayBuffer()).byteLength], [200, SEGMENT_BYTES], path);
    assert.equal(files.wishes.length, asked + 2, path);
    files.evictions = 2;
    assert.equal((await fetch(`${app.url}/sessions/${id}/${path}`)).status, 503, path);
  }
});

test('a slow reader and a reader that leaves cost no file and no error', async () => {
  await using app = await startApp();
  const id = await app.session();
  for (let count = 0; count < 20; count++) await readAndLeave(`${app.url}/sessions/${id}/original/segment00003.m4s`);
  assert.deepEqual((await ask(app)).body, SEGMENT);
  assert.equal(app.log.filter((line) => line.includes('"level":"error"')).length, 0);
});

function readAndLeave(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(url, (reply) => {
      reply.once('data', () => {
        reply.destroy();
        resolve();
      });
    });
    call.on('error', reject).end();
  });
}

test('no file stays open', { skip: process.platform !== 'linux' }, async () => {
  await using app = await startApp();
  await ask(app);
  // Closed after the last byte is written, which a reader may have before that.
  await until(() => openBelow(app.files.directory).length === 0, 10_000, 'every file is closed');
});

function openBelow(directory: string): string[] {
  const open = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(join('/proc/self/fd', fd))];
    } catch {
      return [];
    }
  });
  return open.filter((path) => path.startsWith(directory));
}
