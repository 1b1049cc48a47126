import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { AppError } from '../../src/base/app-error.ts';
import { createLogger } from '../../src/base/logger.ts';
import type { CastItem } from '../../src/cast/cast-item.ts';
import { Casting } from '../../src/cast/casting.ts';
import { at } from '../http/json.ts';
import { FakeReceiver } from './fake-receiver.ts';

const NEVER = new AbortController().signal;
const TIMINGS = { connectMs: 3000, answerMs: 600, loadMs: 1500, heartbeatMs: 150 };

interface Stage extends AsyncDisposable {
  casting: Casting;
  receiver: FakeReceiver;
  log: string[];
  released: string[];
  item(name?: string): CastItem;
}

/** A receiver that does not fetch, under the id `tv`. */
async function stage(): Promise<Stage> {
  const receiver = await FakeReceiver.start();
  receiver.faults = { isBlind: true };
  const log: string[] = [];
  const released: string[] = [];
  const casting = new Casting({
    devices: [{ name: 'TV', host: '127.0.0.1', port: receiver.port }],
    discovery: undefined,
    log: createLogger('info', { write: (line) => log.push(line) }),
    timings: TIMINGS,
  });
  const item = (name = 'a'): CastItem => ({
    url: `http://127.0.0.1:1/${name}.m3u8`,
    contentType: 'application/vnd.apple.mpegurl',
    segmentFormat: 'ts',
    title: name,
    durationSeconds: 100,
    startSeconds: 12.5,
    subtitles: [{ index: 0, url: 'http://127.0.0.1:1/0.vtt', language: 'en', name: 'English' }],
    activeSubtitle: 0,
    sessionId: name,
    release: () => released.push(name),
  });
  const dispose = async () => {
    casting[Symbol.dispose]();
    await receiver[Symbol.asyncDispose]();
  };
  return { casting, receiver, log, released, item, [Symbol.asyncDispose]: dispose };
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`${what} did not come to be`);
}

function failsWith(pattern: RegExp, code = 'DEVICE_FAILED') {
  return (error: unknown) => error instanceof AppError && error.code === code && pattern.test(error.message);
}

test('a film is loaded as a Chromecast wants it, and every control reaches it', async () => {
  await using at_ = await stage();
  const { casting, receiver, item } = at_;
  await casting.play('tv', item(), NEVER);
  const load = receiver.load ?? '';
  const member = (path: string) => at(load, `media.${path}`);
  assert.deepEqual(
    [
      member('contentId'),
      member('contentType'),
      member('streamType'),
      member('hlsSegmentFormat'),
      member('hlsVideoSegmentFormat'),
    ],
    ['http://127.0.0.1:1/a.m3u8', 'application/vnd.apple.mpegurl', 'BUFFERED', 'ts', 'mpeg2_ts'],
  );
  assert.deepEqual(
    [member('tracks.0.type'), member('tracks.0.subtype'), member('tracks.0.trackContentType')],
    ['TEXT', 'SUBTITLES', 'text/vtt'],
  );
  assert.deepEqual(
    [at(load, 'currentTime'), at(load, 'autoplay'), at(load, 'activeTrackIds.0')],
    [12.5, true, member('tracks.0.trackId')],
  );

  const player = await casting.player('tv', NEVER);
  const status = await player.status(NEVER);
  assert.deepEqual(
    [status.state, status.sessionId, status.subtitleTrack, status.error],
    ['playing', 'a', 0, undefined],
  );
  assert.ok(status.positionSeconds >= 12.5 && status.positionSeconds < 30);
  await player.pause(NEVER);
  assert.equal((await player.status(NEVER)).state, 'paused');
  await player.seek(50, NEVER);
  assert.equal((await player.status(NEVER)).positionSeconds, 50);
  await player.showSubtitle(undefined, NEVER);
  assert.equal((await player.status(NEVER)).subtitleTrack, undefined);
  await player.resume(NEVER);
  assert.equal((await player.status(NEVER)).state, 'playing');
  assert.deepEqual(await player.setVolume({ level: 0.25, muted: true }, NEVER), { level: 0.25, muted: true });
  assert.deepEqual(at_.released, []);
  await player.stop(NEVER);
  assert.deepEqual(at_.released, ['a']);
  await until(() => receiver.connections === 0, 'a closed connection');
  await assert.rejects(player.pause(NEVER), failsWith(/stopped/u, 'NOT_PLAYING'));
});

test('the next film replaces the first one, and the newest wish wins', async () => {
  await using at_ = await stage();
  const { casting, receiver, item } = at_;
  await casting.play('tv', item('first'), NEVER);
  await casting.play('tv', item('second'), NEVER);
  assert.deepEqual(at_.released, ['first']);
  receiver.faults = { isBlind: true, deaf: ['LOAD'] };
  const slow = casting.play('tv', item('slow'), NEVER);
  const slowFails = assert.rejects(slow, failsWith(/something else/u));
  await until(() => receiver.heard.filter((type) => type === 'LOAD').length === 3, 'the third LOAD');
  receiver.faults = { isBlind: true };
  await casting.play('tv', item('newest'), NEVER);
  await slowFails;
  assert.equal((await (await casting.player('tv', NEVER)).status(NEVER)).sessionId, 'newest');
  assert.deepEqual(at_.released.toSorted(), ['first', 'second', 'slow']);
});

test('whoever asks while a film is being started shares its connection', async () => {
  await using at_ = await stage();
  const player = await at_.casting.player('tv', NEVER);
  const playing = at_.casting.play('tv', at_.item(), NEVER);
  const states = Array.from({ length: 20 }, () => player.status(NEVER));
  await playing;
  await Promise.all(states);
  assert.equal(at_.receiver.connections, 1);
  assert.equal((await player.status(NEVER)).state, 'playing');
});

test('a device that takes its time to start the player is waited for', async () => {
  await using at_ = await stage();
  at_.receiver.faults = { isBlind: true, slowLaunches: 2 };
  await at_.casting.play('tv', at_.item(), NEVER);
  assert.equal(at_.receiver.media?.state, 'PLAYING');
});

test('what a device refuses is said in words, and its reason with it', async () => {
  await using at_ = await stage();
  at_.receiver.faults = { launchError: 'NOT_FOUND' };
  await assert.rejects(
    at_.casting.play('tv', at_.item(), NEVER),
    failsWith(/does not start its media player \(NOT_FOUND\)/u),
  );
  at_.receiver.faults = { loadFails: true };
  await assert.rejects(at_.casting.play('tv', at_.item(), NEVER), failsWith(/cannot play this \(error 104\)/u));
  assert.deepEqual(at_.released, ['a', 'a']);
  const player = await at_.casting.player('tv', NEVER);
  assert.equal((await player.status(NEVER)).state, 'idle');
  await assert.rejects(player.seek(1, NEVER), failsWith(/Nothing of this server plays/u, 'NOT_PLAYING'));
});

test('a question without an answer ends in words, and the next one works', async () => {
  await using at_ = await stage();
  await at_.casting.play('tv', at_.item(), NEVER);
  const player = await at_.casting.player('tv', NEVER);
  at_.receiver.faults = { isBlind: true, deaf: ['PAUSE', 'LOAD'] };
  await assert.rejects(player.pause(NEVER), failsWith(/does not answer/u));
  await assert.rejects(at_.casting.play('tv', at_.item('b'), NEVER), failsWith(/does not answer/u));
  at_.receiver.faults = { isBlind: true };
  await player.pause(NEVER);
  assert.equal((await player.status(NEVER)).state, 'paused');
});

test('a cut connection is taken up again where it was', async () => {
  await using at_ = await stage();
  await at_.casting.play('tv', at_.item(), NEVER);
  const player = await at_.casting.player('tv', NEVER);
  await player.pause(NEVER);
  at_.receiver.cut();
  await until(() => at_.receiver.connections === 0 && !player.isConnected, 'a cut connection');
  const status = await player.status(NEVER);
  assert.deepEqual([status.state, status.sessionId, status.error], ['paused', 'a', undefined]);
  at_.receiver.cut();
  await player.resume(NEVER);
  assert.equal(at_.receiver.media?.state, 'PLAYING');
  assert.deepEqual(at_.released, []);
});

test('a device that is gone is told of in words while its film is remembered', async () => {
  await using at_ = await stage();
  await at_.casting.play('tv', at_.item(), NEVER);
  const player = await at_.casting.player('tv', NEVER);
  await at_.receiver[Symbol.asyncDispose]();
  await until(() => !player.isConnected, 'a broken connection');
  const status = await player.status(NEVER);
  assert.deepEqual([status.state, status.sessionId], ['playing', 'a']);
  assert.match(status.error ?? '', /cannot be reached/u);
  await assert.rejects(player.pause(NEVER), failsWith(/cannot be reached/u));
  await assert.rejects(at_.casting.play('tv', at_.item('b'), NEVER), failsWith(/cannot be reached/u));
});

test('a device that goes silent is given up', async () => {
  await using at_ = await stage();
  await at_.casting.play('tv', at_.item(), NEVER);
  const player = await at_.casting.player('tv', NEVER);
  at_.receiver.faults = { isDead: true };
  await until(() => !player.isConnected, 'the end of patience');
  assert.ok(at_.receiver.heard.filter((type) => type === 'PING').length >= 3);
});

test('another sender on the same device is noticed, and its film is left alone', async () => {
  await using at_ = await stage();
  await at_.casting.play('tv', at_.item(), NEVER);
  const player = await at_.casting.player('tv', NEVER);
  at_.receiver.takeOver();
  await until(() => at_.released.length === 1, 'the news');
  const status = await player.status(NEVER);
  assert.deepEqual([status.state, status.sessionId], ['taken', 'a']);
  assert.match(status.error ?? '', /Something else was started/u);
  await assert.rejects(player.stop(NEVER), failsWith(/Something else was started/u, 'NOT_PLAYING'));
  assert.equal(at_.receiver.media?.state, 'PLAYING', 'theirs goes on');
});

test('another application on the device is noticed, also when it came while we were away', async () => {
  await using at_ = await stage();
  for (const isAway of [false, true]) {
    at_.released.length = 0;
    await at_.casting.play('tv', at_.item(), NEVER);
    const player = await at_.casting.player('tv', NEVER);
    if (isAway) {
      at_.receiver.cut();
      await until(() => !player.isConnected, 'a cut connection');
    }
    at_.receiver.launchOther();
    const status = await player.status(NEVER);
    assert.deepEqual([status.state, status.application, at_.released], ['taken', 'Tube', ['a']], String(isAway));
  }
});

test('the end of a film and a film that breaks are told apart', async () => {
  await using at_ = await stage();
  for (const [reason, state, error] of [
    ['FINISHED', 'finished', undefined],
    ['ERROR', 'failed', 'The device could not go on playing this'],
  ] as const) {
    at_.released.length = 0;
    await at_.casting.play('tv', at_.item(), NEVER);
    at_.receiver.end(reason);
    await until(() => at_.released.length === 1, 'the news');
    const status = await (await at_.casting.player('tv', NEVER)).status(NEVER);
    assert.deepEqual([status.state, status.error], [state, error]);
  }
});

test('garbage, huge frames and messages of the wrong shape cost a connection at most', async () => {
  await using at_ = await stage();
  const garbage: [string, Uint8Array][] = [
    ['noise', Buffer.concat([Buffer.from([0, 0, 0, 64]), randomBytes(64)])],
    ['a huge frame', Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3])],
    ['half a frame', Buffer.from([0, 0, 1, 0, 1])],
    ['an empty frame', Buffer.from([0, 0, 0, 0])],
  ];
  for (const [what, bytes] of garbage) {
    await at_.casting.play('tv', at_.item(), NEVER);
    const player = await at_.casting.player('tv', NEVER);
    at_.receiver.sendRaw(bytes);
    if (what !== 'half a frame') await until(() => !player.isConnected, `the end after ${what}`);
    else at_.receiver.cut();
    assert.equal((await player.status(NEVER)).state, 'playing', what);
  }
});

test('a device that pings without end and reads nothing is let go', async () => {
  await using at_ = await stage();
  await at_.casting.play('tv', at_.item(), NEVER);
  const player = await at_.casting.player('tv', NEVER);
  void at_.receiver.pester();
  await until(() => !player.isConnected, 'the end of patience');
});

test('a caller who leaves keeps no timer', async () => {
  await using at_ = await stage();
  const player = await at_.casting.player('tv', NEVER);
  await player.status(NEVER);
  at_.receiver.faults = { deaf: ['GET_STATUS'] };
  const before = process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
  const leaving = new AbortController();
  const calls = Array.from({ length: 30 }, () => player.status(leaving.signal));
  const asked = () => at_.receiver.heard.filter((type) => type === 'GET_STATUS').length;
  await until(() => asked() > 30, 'the questions');
  leaving.abort();
  for (const call of calls) await assert.rejects(call, { name: 'AbortError' });
  const after = process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
  assert.ok(after < before + 20, `${before} timers became ${after}`);
});

test('a caller who leaves is not kept, and nothing stays open at the end', async () => {
  const at_ = await stage();
  at_.receiver.faults = { deaf: ['LAUNCH'] };
  const leaving = new AbortController();
  const call = at_.casting.play('tv', at_.item(), leaving.signal);
  await until(() => at_.receiver.heard.includes('LAUNCH'), 'the question');
  leaving.abort();
  await assert.rejects(call, { name: 'AbortError' });
  assert.deepEqual(at_.released, ['a']);
  at_.receiver.faults = { isBlind: true };
  await at_.casting.play('tv', at_.item('b'), NEVER);
  at_.casting[Symbol.dispose]();
  assert.deepEqual(at_.released, ['a', 'b']);
  await until(() => at_.receiver.connections === 0, 'a closed connection');
  await assert.rejects(at_.casting.player('tv', NEVER), failsWith(/ending/u, 'NOT_READY'));
  await at_[Symbol.asyncDispose]();
});

test('what is not a cast device, or nobody, ends in words in time', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const casting = new Casting({
    devices: [
      { name: 'silent', host: '127.0.0.1', port },
      { name: 'nobody', host: '127.0.0.1', port: 1 },
    ],
    discovery: undefined,
    log: createLogger('silent', { write: () => undefined }),
    timings: { ...TIMINGS, connectMs: 200 },
  });
  for (const id of ['silent', 'nobody']) {
    const player = await casting.player(id, NEVER);
    await assert.rejects(player.status(NEVER), failsWith(/cannot be reached/u), id);
  }
  await assert.rejects(casting.player('unknown', NEVER), failsWith(/no such device/u, 'NOT_FOUND'));
  casting[Symbol.dispose]();
  connect(port, '127.0.0.1')
    .on('error', () => undefined)
    .destroy();
  silent.close();
});
