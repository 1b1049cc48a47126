// Servers whose answers to ranges are not those of the standard: films on them play, and can be sought in where any range works.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hashOf, hashOfStream, never } from '../../contract/source-contract.ts';
import { sampleBytes, type Faults, type RecordedRange } from '../../support/servers/fault-server.ts';
import { RawHttpServer, type RawRequest } from '../../support/servers/raw-http-server.ts';
import { UNHURRIED, appError, openRemote, openUrl, type OpenedTest } from '../opened.ts';

const MIB = 1024 * 1024;
const SMALL = sampleBytes(200_000);
const LARGE = sampleBytes(5 * MIB + 77);

/** The stream and single reads, from the end to the start. */
async function assertReads({ source }: OpenedTest, content: Uint8Array): Promise<void> {
  assert.equal(source.sizeBytes, content.length);
  for (const share of [0.95, 0.5, 0.1]) {
    const start = Math.floor(content.length * share);
    const bytes = await source.read({ start, end: start + 1000 }, never());
    assert.ok(Buffer.from(content.subarray(start, start + 1000)).equals(bytes), `at ${start}`);
  }
  assert.equal(await hashOfStream(source, { start: 0 }), hashOf(content));
}

const CLOSED: [string, number][] = [
  ['ignores', 200],
  ['answers 416 to', 416],
  ['answers 400 to', 400],
  ['answers 501 to', 501],
];
for (const [what, status] of CLOSED) {
  test(`a film on a server that ${what} ranges with an end can be sought in`, async () => {
    for (const content of [SMALL, LARGE]) {
      const rangeStatus = ({ end }: RecordedRange) => (end === Infinity ? undefined : status);
      await using opened = await openRemote(content, { rangeStatus }, UNHURRIED);
      assert.equal(opened.source.seekable, true);
      await assertReads(opened, content);
    }
  });
}

test('a film is no longer read from its start where a server forgets ranges with an end', async () => {
  await using opened = await openRemote(LARGE);
  opened.server.faults = { rangeStatus: ({ end }) => (end === Infinity ? undefined : 200) };
  await assertReads(opened, LARGE);
});

for (const status of [416, 400]) {
  test(`a small film plays on a server that answers ${status} to a range beyond the end`, async () => {
    for (const size of [1, 300, 65_536, 200_000, 327_679]) {
      const content = sampleBytes(size);
      const rangeStatus = ({ end }: RecordedRange, total: number) =>
        end !== Infinity && end > total ? status : undefined;
      await using opened = await openRemote(content, { rangeStatus }, UNHURRIED);
      assert.deepEqual([opened.source.seekable, opened.source.sizeBytes], [true, size]);
      assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(content), `${size} bytes`);
    }
  });
}

test('a film plays in order on a server that refuses every range', async () => {
  for (const status of [400, 416, 501]) {
    await using opened = await openRemote(LARGE, { rangeStatus: () => status }, UNHURRIED);
    assert.equal(opened.source.seekable, false);
    await assertReads(opened, LARGE);
  }
});

test('an empty file is empty, whatever a server says to a range of it', async () => {
  for (const faults of [{}, { rangeStatus: () => 416 }, { rangeStatus: () => 400 }, { rangeStatus: () => 200 }])
    await assert.rejects(openRemote(new Uint8Array(), faults), appError('NOT_MEDIA', /The file is empty/));
});

const SEEKABLE: [string, Faults][] = [
  ['no total', { total: false }],
  [
    'the end of the answer as the total',
    { contentRange: ({ start, end }, size) => `bytes ${start}-${end - 1}/${end === 327_680 ? end : size}` },
  ],
  ['the end for the last byte', { contentRange: ({ start, end }, size) => `bytes ${start}-${end}/${size}` }],
  ['blanks', { contentRange: ({ start, end }, size) => ` bytes   ${start} - ${end - 1} / ${size} ` }],
  ['the equals sign of the request', { contentRange: ({ start, end }, size) => `bytes=${start}-${end - 1}/${size}` }],
  ['no unit', { contentRange: ({ start, end }, size) => `${start}-${end - 1}/${size}` }],
];
for (const [what, faults] of SEEKABLE) {
  test(`a film can be sought in when Content-Range has ${what}`, async () => {
    for (const content of [LARGE, SMALL, sampleBytes(327_680)]) {
      await using opened = await openRemote(content, faults, UNHURRIED);
      assert.equal(opened.source.seekable, true);
      await assertReads(opened, content);
    }
  });
}

test('a film plays in order when Content-Range is missing or makes no sense', async () => {
  for (const contentRange of [() => '', () => 'bytes */*', () => 'bytes 7-3/2', () => 'pages 1-2/3']) {
    await using opened = await openRemote(LARGE, { contentRange }, UNHURRIED);
    assert.equal(opened.source.seekable, false);
    await assertReads(opened, LARGE);
  }
});

test('answers that hold less than was asked for are put together', async () => {
  for (const mostBytes of [10_000, 100_000]) {
    await using opened = await openRemote(LARGE, { mostBytes }, UNHURRIED);
    await assertReads(opened, LARGE);
  }
});

const LENGTHS: [string, (length: number) => number][] = [
  ['half of what was asked for', (length) => Math.ceil(length / 2)],
  ['the whole file for a part', () => LARGE.length],
  ['one byte too much', (length) => length + 1],
];
for (const [what, statedLength] of LENGTHS) {
  test(`a film plays when Content-Length states ${what}`, async () => {
    // The connection is closed after each answer, or the rest would be waited for.
    await using opened = await openRemote(LARGE, { statedLength, endAtByte: Infinity }, UNHURRIED);
    await assertReads(opened, LARGE);
  });
}

test('a film plays in order when ranges are answered with nothing', async () => {
  await using opened = await openRemote(LARGE, {
    statedLength: (length) => (length === LARGE.length ? length : 0),
  });
  assert.equal(opened.source.seekable, false);
  await assertReads(opened, LARGE);
});

test('what a server says of its ranges does not count, what it does counts', async () => {
  await using opened = await openRemote(LARGE, { headers: () => ({ 'accept-ranges': 'none' }) });
  assert.equal(opened.source.seekable, true);
  await assertReads(opened, LARGE);
});

test('tags that change with each answer say nothing, one that was the same before says that the file changed', async () => {
  let count = 0;
  for (const weak of ['', 'W/']) {
    await using opened = await openRemote(LARGE, {
      etag: null,
      headers: () => ({ etag: `${weak}"${(count += 1)}"` }),
    });
    await assertReads(opened, LARGE);
  }
  const modified = { 'last-modified': 'Mon, 02 Mar 2026 10:00:00 GMT' };
  await using opened = await openRemote(LARGE, { etag: 'W/"a"', headers: () => modified });
  opened.server.faults = { etag: 'W/"b"', headers: () => modified };
  await assertReads(opened, LARGE);
  await using changing = await openRemote(LARGE, { etag: 'W/"a"' });
  changing.server.faults = { etag: 'W/"b"' };
  await assert.rejects(hashOfStream(changing.source, { start: 0 }), appError('SOURCE_CHANGED'));
});

/** Ranges in HTTP/1.0, each on a connection of its own. */
function oldServer(headers: (part: { start: number; end: number }) => string[]) {
  return ({ range = { start: 0, end: Infinity } }: RawRequest) => {
    const part = { start: range.start, end: Math.min(range.end, LARGE.length) };
    return { head: headers(part), body: LARGE.subarray(part.start, part.end) };
  };
}

test('a film plays from a server of HTTP/1.0, with and without a length', async () => {
  for (const withLength of [true, false]) {
    await using stack = new AsyncDisposableStack();
    await using server = await RawHttpServer.start(
      oldServer(({ start, end }) => [
        'HTTP/1.0 206 Partial',
        `content-RANGE:bytes ${start}-${end - 1}/${LARGE.length}`,
        ...(withLength ? [`Content-Length:   ${end - start}`] : []),
      ]),
    );
    const { opened } = await openUrl(stack, server.url, { options: UNHURRIED });
    assert.ok(opened.kind === 'media' && opened.source.seekable);
    assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(LARGE));
  }
});

test('a film plays in order from a server that packs single ranges into several parts', async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await RawHttpServer.start(({ range }) => {
    if (range === undefined) return { head: ['HTTP/1.1 200 OK', `Content-Length: ${LARGE.length}`], body: LARGE };
    const part = LARGE.subarray(range.start, range.end);
    const intro = `--x\r\nContent-Range: bytes ${range.start}-${range.start + part.length - 1}/${LARGE.length}\r\n\r\n`;
    const body = Buffer.concat([Buffer.from(intro), part, Buffer.from('\r\n--x--\r\n')]);
    const type = 'Content-Type: multipart/byteranges; boundary=x';
    return { head: ['HTTP/1.1 206 OK', type, `Content-Length: ${body.length}`, 'Connection: close'], body };
  });
  const { opened } = await openUrl(stack, server.url, { options: UNHURRIED });
  assert.ok(opened.kind === 'media' && !opened.source.seekable);
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(LARGE));
});
