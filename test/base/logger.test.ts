// The log: a line for each event whatever strangers put into it, and no secrets of addresses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { createLogger, redactedAddress } from '../../src/base/logger.ts';

/** What moves or turns the text on a terminal: C0, DEL, C1, ends of lines, directions. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/u;

test('an event is one line without control characters, whatever is in it', () => {
  const lines: string[] = [];
  const log = createLogger('info', { write: (line) => lines.push(line) });
  const hostile = 'film\r\n{"level":"fatal","msg":"forged"}\u001b[2J\u0000\u0007\u007f\u009b31m\u2028\u202egpj';
  log.info({ source: hostile, [hostile]: 1, err: new Error(hostile), long: hostile.repeat(3) }, hostile);
  assert.equal(lines.length, 1);
  const line = lines[0] ?? '';
  assert.ok(line.endsWith('}\n'));
  assert.doesNotMatch(line.slice(0, -1), CONTROL);
  const event: unknown = JSON.parse(line);
  assert.ok(typeof event === 'object' && event !== null && 'source' in event && 'level' in event);
  assert.deepEqual([event.level, event.source], ['info', hostile]);
});

test('of a flood so many lines a second are written, and how many were not', async () => {
  const lines: string[] = [];
  const log = createLogger('info', { write: (line) => lines.push(line) });
  const session = log.child({ session: 'x' });
  for (let count = 0; count < 500; count += 1) session.warn({ count }, 'request could not be served');
  log.info('something else');
  for (let count = 0; count < 500; count += 1) log.info(`torrent ${count} speaks`);
  assert.equal(lines.filter((line) => line.includes('could not be served')).length, 20);
  assert.equal(lines.filter((line) => line.includes('something else')).length, 1);
  assert.equal(lines.length, 20 + 100);
  while (lines.length < 122) await delay(50);
  const counts = lines.slice(120).flatMap((line) => {
    assert.ok(line.length < 10_000, 'the line itself is bounded');
    const event: unknown = JSON.parse(line);
    assert.ok(typeof event === 'object' && event !== null && 'leftOut' in event && 'msg' in event);
    assert.equal(event.msg, 'log lines left out');
    return Object.entries(event.leftOut ?? {});
  });
  assert.equal(new Map<string, unknown>(counts).get('request could not be served'), 480);
  assert.equal(
    counts.reduce((sum, [, count]) => sum + Number(count), 0),
    1001 - 120,
  );
  for (let count = 0; count < 5; count += 1) session.warn('request could not be served');
  assert.equal(lines.length, 127, 'a second later they are written again');
});

test('a flood of news leaves room for what goes wrong', () => {
  const lines: string[] = [];
  const log = createLogger('info', { write: (line: string) => void lines.push(line) });
  for (let count = 0; count < 500; count += 1) log.info(`news ${count}`);
  log.fatal({ err: new Error('gone') }, 'uncaught error');
  assert.equal(lines.length, 101);
  assert.match(lines.at(-1) ?? '', /"fatal".*gone.*uncaught error/u);
});

test('an address is written without what is secret in it', () => {
  const rows: [address: string, written: string][] = [
    ['https://user:pass@host.example:8443/a/film.mkv?token=abc#t', 'https://host.example:8443/a/film.mkv'],
    ['magnet:?xt=urn:btih:abc&tr=http://tracker.example/passkey/announce', 'magnet:?xt=urn:btih:abc'],
    ['/films/a film.mkv', '/films/a film.mkv'],
    ['stream/segment1.ts?cast_token=abc', 'stream/segment1.ts'],
  ];
  for (const [address, written] of rows) assert.equal(redactedAddress(address), written);
});
