// Clips over HTTP: exactly the frames of `[start, end)`, audio in sync with them, and never an unfinished file.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { after, before as beforeAll, suite, test } from 'node:test';

import { beepsIn } from '../support/judges/beeps.ts';
import { videoOf, type ClipName } from '../support/clips/catalogue.ts';
import { clip } from '../support/clips/clips.ts';
import { samplesOf } from '../support/judges/decode.ts';
import { frameNumbersOf } from '../support/judges/frame-counter.ts';
import { packetsOf, probe } from '../support/judges/probe.ts';
import { FaultServer } from '../support/servers/fault-server.ts';
import { numbersOnGrid } from '../support/judges/exact-clip.ts';
import { encodersOf, IS_LINUX, signalAll, until } from '../support/servers/server-children.ts';
import { startServer, serverHome, type ServerHome, type ServerProcess } from '../support/servers/server-process.ts';
import { mountedDisk, whyNoSmallDisk } from '../support/servers/small-disk.ts';
import { membersOf, openSession, type Session } from '../support/viewers/viewer.ts';

const NO_SMALL_DISK = await whyNoSmallDisk();

/** Start times of the beeps, in seconds of the clip. */
interface ExpectedSound {
  times: number[];
  hertz: number;
  frameSeconds: number;
  endSeconds: number;
}

suite('clips', () => {
  const stack = new AsyncDisposableStack();
  let home: ServerHome;
  let server: ServerProcess;
  let directory: string;

  beforeAll(async () => {
    home = stack.use(await serverHome());
    directory = join(home.tmp, 'clips');
    server = stack.use(await startServer({ home, env: { RAFFI_CLIPS_DIR: directory } }));
  });
  after(() => stack.disposeAsync());

  async function made(session: Session, body: Record<string, unknown>): Promise<string> {
    const reply = await asked(session, body);
    const { outputPath, error } = membersOf(await reply.json());
    assert.equal(reply.status, 200, String(error));
    assert.ok(typeof outputPath === 'string' && dirname(outputPath) === directory);
    return outputPath;
  }

  /** Every beep in the clip starts with the frame that flashes, to within a frame. */
  async function assertInStep(path: string, expected: ExpectedSound) {
    const beeps = beepsIn(await samplesOf(path));
    // A beep exactly at the cut may be missing or present.
    const isWhole = (time: number): boolean => time > expected.frameSeconds / 2 && time < expected.endSeconds - 0.001;
    const whole = beeps.filter(({ seconds }) => isWhole(seconds));
    const wanted = expected.times.filter(isWhole);
    assert.equal(whole.length, wanted.length, JSON.stringify({ beeps, wanted }));
    for (const [i, { seconds, hertz }] of whole.entries()) {
      assert.ok(
        Math.abs(seconds - (wanted[i] ?? 0)) < expected.frameSeconds,
        `beep ${i} at ${seconds}, not ${wanted[i]}`,
      );
      assert.ok(Math.abs(hertz - expected.hertz) < 40, `${hertz} Hz`);
    }
  }

  /** Frames `[first, end)` of a clip of constant rate, requested by exactly their times. */
  async function assertExact(name: ClipName, { first, end }: { first: number; end: number }): Promise<string> {
    const facts = videoOf(name);
    const { num, den } = facts.video.frameRate;
    const session = await openSession(server.url, await clip(name));
    const path = await made(session, { start: (first * den) / num, end: (end * den) / num, name });
    assert.deepEqual(await frameNumbersOf(path), numbersOnGrid(facts.video).slice(first, end), name);
    const times = (await packetsOf(path, 'v:0')).map(({ ptsSeconds = NaN }) => ptsSeconds).sort((a, b) => a - b);
    for (const [i, time] of times.entries())
      assert.ok(Math.abs(time - (i * den) / num) < 1e-4, `${name}: frame ${i} at ${time}`);
    const [sound] = facts.audio;
    if (sound === undefined) return path;
    const beeps: number[] = [];
    for (let time = 0; time < (end * den) / num; time += facts.beepEverySeconds) {
      const inClip = time - (first * den) / num;
      if (inClip >= 0 && time >= sound.startSeconds) beeps.push(inClip);
    }
    await assertInStep(path, {
      times: beeps,
      hertz: sound.beepHertz,
      frameSeconds: den / num,
      endSeconds: ((end - first) * den) / num,
    });
    return path;
  }

  test('a clip has exactly its frames and their audio, with its tables at the start of the file', async () => {
    const path = await assertExact('mp4-faststart', { first: 241, end: 493 });
    const { format, streams } = await probe(path);
    assert.deepEqual(streams.map(codecOf), ['h264', 'aac']);
    const seconds = (252 * 1001) / 24000;
    assert.ok(Math.abs(Number(format['duration']) - seconds) < 0.001, String(format['duration']));
    for (const { duration } of streams) assert.ok(Math.abs(Number(duration) - seconds) < 0.03, String(duration));
    const file = await readFile(path);
    assert.deepEqual(boxTypes(file), ['ftyp', 'moov', 'free', 'mdat']);
  });

  test('single frames and both ends of a film can be cut', async () => {
    await assertExact('mp4-faststart', { first: 0, end: 1 });
    await assertExact('mp4-faststart', { first: 1380, end: 1439 });
  });

  test('video of every kind becomes the right frames, with the audio in sync', async () => {
    await assertExact('avi-mpeg4-bframes', { first: 60, end: 110 });
    await assertExact('hevc-open-gop-10bit', { first: 100, end: 160 });
    await assertExact('ts-wrap', { first: 240, end: 290 });
    await assertExact('mkv-start-37.5', { first: 55, end: 105 });
    await assertExact('webm-vp9-opus', { first: 45, end: 105 });
    await assertExact('late-audio-mkv', { first: 30, end: 105 });
    await assertExact('interlaced-ts', { first: 26, end: 76 });
    // Where a source of variable rate has no frame, the clip repeats the frame that was displayed.
    await assertExact('vfr', { first: 270, end: 330 });
  });

  test('rotated video is upright, and a source without audio or video becomes a clip without it', async () => {
    const turned = await probe(await assertExact('rotated', { first: 30, end: 80 }));
    assert.deepEqual([turned.streams[0]?.['width'], turned.streams[0]?.['height']], ['360', '640']);
    const silent = await probe(await assertExact('video-only', { first: 60, end: 110 }));
    assert.deepEqual(silent.streams.map(codecOf), ['h264']);
    const session = await openSession(server.url, await clip('audio-m4a'));
    const path = await made(session, { start: 2, end: 5, name: 'sound' });
    const { streams, format } = await probe(path);
    assert.deepEqual(streams.map(codecOf), ['aac']);
    assert.ok(Math.abs(Number(format['duration']) - 3) < 0.001, String(format['duration']));
    await assertInStep(path, { times: [0.002, 1.003, 2.004], hertz: 1000, frameSeconds: 0.0005, endSeconds: 3 });
  });

  test('a remote source is cut as well', async () => {
    await using remote = await FaultServer.start(await readFile(await clip('mp4-moov-last')));
    const session = await openSession(server.url, remote.url('/Far%20away.mp4'));
    const path = await made(session, { start: 10.01, end: 12.012 });
    assert.equal(basename(path), 'Far away 00.00.10.mp4');
    assert.deepEqual(
      await frameNumbersOf(path),
      Array.from({ length: 48 }, (_, i) => 240 + i),
    );
  });

  test('the audio is the selected track of the session', async () => {
    const session = await openSession(server.url, await clip('mkv-two-audio'));
    const headers = { 'content-type': 'application/json' };
    await fetch(`${session.url}/audio`, { method: 'POST', headers, body: '{"index":1}' });
    const path = await made(session, { start: 2.002, end: 4.004, name: 'french' });
    await assertInStep(path, { times: [0, 1.001], hertz: 500, frameSeconds: 0.02, endSeconds: 2.002 });
  });

  test('an end beyond the source is the end of the source', async () => {
    const session = await openSession(server.url, await clip('mp4-faststart'));
    const path = await made(session, { start: 59, end: 500, name: 'the end' });
    assert.deepEqual(
      await frameNumbersOf(path),
      Array.from({ length: 24 }, (_, i) => 1415 + i),
    );
  });

  test('names are names and never paths, and two clips of one name are two files', async () => {
    const session = await openSession(server.url, await clip('video-only'));
    const short = { start: 1, end: 1.08 };
    await mkdir(directory, { recursive: true });
    // The remains of a server that was killed an hour and a half ago, and a file that another server is writing.
    const [left, living] = ['.raffi-clip-left.part', '.raffi-clip-living.part'].map((name) => join(directory, name));
    for (const path of [left, living]) await writeFile(path ?? '', 'draft');
    await utimes(left ?? '', Date.now() / 1000 - 5400, Date.now() / 1000 - 5400);
    await writeFile(join(home.tmp, 'victim'), 'untouched');
    await symlink(join(home.tmp, 'victim'), join(directory, 'link.mp4'));
    const names: [body: Record<string, unknown>, name: string][] = [
      [{ name: 'Twice' }, 'Twice.mp4'],
      [{ name: 'Twice.mp4' }, 'Twice (2).mp4'],
      [{ name: '../../../etc/passwd' }, '_.._.._etc_passwd.mp4'],
      [{ outputPath: '/etc/cron.d/evil.mp4' }, 'evil.mp4'],
      [{ outputPath: 'C:\\Windows\\system32\\evil.mp4' }, 'evil (2).mp4'],
      [{ outputPath: '/tmp/other', name: 'mine' }, 'mine.mp4'],
      [{ name: 'link' }, 'link (2).mp4'],
      [{ name: 'CON' }, '_CON.mp4'],
      [{ name: 'lpt1.txt' }, '_lpt1.txt.mp4'],
      [{ name: '.hidden. . ' }, 'hidden.mp4'],
      [{ name: 'a\u0000b\nc\u202egpj' }, 'a_b_cgpj.mp4'],
      [{ name: 'Grüße 字幕 👩‍👩‍👧' }, 'Grüße 字幕 👩👩👧.mp4'],
      [{ name: 'é'.repeat(500) }, `${'é'.repeat(100)}.mp4`],
      [{ name: '  ', outputPath: '..' }, `${basename(await clip('video-only'), '.mp4')} 00.00.01.mp4`],
    ];
    for (const [body, name] of names) {
      assert.equal(basename(await made(session, { ...short, ...body })), name);
      assert.ok((await readdir(directory)).includes(name));
    }
    assert.equal(await readFile(join(home.tmp, 'victim'), 'utf8'), 'untouched');
    const drafts = (await readdir(directory)).filter((name) => name.endsWith('.part'));
    assert.deepEqual(drafts, ['.raffi-clip-living.part']);
    await rm(living ?? '');
  });

  test('an impossible clip is refused with an error that names the field, and leaves no file', async () => {
    const session = await openSession(server.url, await clip('video-only'));
    const had = await readdir(directory);
    const bodies: [body: unknown, field: RegExp][] = [
      [{ start: 2, end: 2 }, /"end"/u],
      [{ start: 3, end: 2 }, /"end"/u],
      [{ start: -1, end: 2 }, /"start"/u],
      [{ start: 20, end: 30 }, /"start"/u],
      [{ start: 1.001, end: 1.002 }, /"start" and "end"/u],
      [{ start: '1', end: 2 }, /"start"/u],
      [{ start: 1 }, /"end"/u],
      [{ start: 1, end: 2, name: 7 }, /"name"/u],
      [[], /object/u],
    ];
    for (const [body, field] of bodies) {
      const reply = await asked(session, body);
      assert.equal(reply.status, 400, JSON.stringify(body));
      assert.match(String(membersOf(await reply.json())['error']), field);
    }
    assert.equal((await asked({ id: 'x', url: `${server.url}/sessions/x` }, { start: 0, end: 1 })).status, 404);
    assert.deepEqual(await readdir(directory), had);
    assert.equal((await fetch(`${session.url}/clip`)).status, 405);
  });

  test('a clip whose worker is killed is still made, and exact', { skip: !IS_LINUX }, async () => {
    const session = await openSession(server.url, await clip('mp4-faststart'));
    const asking = made(session, { start: 0, end: (288 * 1001) / 24_000, name: 'killed' });
    await until(async () => (await progressOf(session)) > 0, 60_000, 'progress');
    signalAll(encodersOf(server.pid), 'SIGKILL');
    const path = await asking;
    assert.deepEqual(
      await frameNumbersOf(path),
      Array.from({ length: 288 }, (_, i) => i),
    );
    const { status, progress, outputPath } = await lastClip(session);
    assert.deepEqual([status, progress, outputPath], ['done', 1, path]);
  });

  test('a clip is gone with its caller, and two are made at a time', { skip: !IS_LINUX }, async () => {
    await mkdir(directory, { recursive: true });
    const had = (await readdir(directory)).sort();
    const leaving = new AbortController();
    const sessions: Session[] = [];
    const asking: Promise<unknown>[] = [];
    for (let i = 0; i < 2; i += 1) {
      const session = await openSession(server.url, await clip('mp4-faststart'));
      sessions.push(session);
      asking.push(asked(session, { start: 0, end: 60, name: 'never' }, leaving.signal).catch(() => undefined));
      await until(async () => (await progressOf(session)) > 0, 60_000, 'progress');
    }
    assert.equal((await readdir(directory)).length, had.length + 2, 'drafts are being written');
    const third = await asked(await openSession(server.url, await clip('video-only')), { start: 0, end: 1 });
    assert.deepEqual([third.status, third.headers.get('retry-after')], [429, '5']);
    leaving.abort();
    await Promise.all(asking);
    for (const session of sessions)
      await until(async () => (await lastClip(session))['status'] === 'cancelled', 10_000, 'it is cancelled');
    await until(() => encodersOf(server.pid).length === 0, 10_000, 'the encoders have gone');
    assert.deepEqual((await readdir(directory)).sort(), had);
  });

  test('a full disk is said in words, and nothing is left on it', { skip: NO_SMALL_DISK ?? false }, async () => {
    const disk = join(home.tmp, 'disk');
    await mkdir(disk);
    await using small = await startServer({ env: { RAFFI_CLIPS_DIR: join(disk, 'clips') } });
    const session = await openSession(small.url, await clip('mp4-faststart'));
    const reserved = 'The disk is full but for a small reserve';
    // A tenth is reserved. On the smallest disk, not even the first of five pieces fits.
    for (const [diskBytes, beyondReserveBytes, sentence, progress] of [
      [8 * 2 ** 20, -(2 ** 16), reserved, 0],
      [8 * 2 ** 20, 2 ** 16, reserved, 0.2],
      [2 ** 20, 2 ** 16, 'The disk is full', 0],
    ] as const) {
      using _mounted = mountedDisk(disk, diskBytes);
      await writeFile(join(disk, 'ballast'), Buffer.alloc(diskBytes * 0.9 - beyondReserveBytes));
      const reply = await asked(session, { start: 0, end: 20, name: 'too large' });
      const body = membersOf(await reply.json());
      assert.deepEqual([reply.status, body['code'], body['error']], [507, 'DISK_FULL', sentence]);
      assert.deepEqual(await readdir(join(disk, 'clips')), []);
      const failed = await lastClip(session);
      assert.deepEqual([failed['status'], failed['progress']], ['failed', progress]);
      await rm(join(disk, 'ballast'));
      if (diskBytes > 2 ** 20) assert.equal((await asked(session, { start: 0, end: 1, name: 'fits' })).status, 200);
    }
  });

  test('a server that ends cancels its clips', async () => {
    const session = await openSession(server.url, await clip('mp4-faststart'));
    const asking = asked(session, { start: 0, end: 60, name: 'never' }).catch(() => undefined);
    await until(async () => (await progressOf(session)) > 0, 60_000, 'progress');
    const { code, milliseconds } = await server.end();
    assert.ok(code === 0 && milliseconds < 5000, `${code} after ${milliseconds} ms`);
    await asking;
    const left = (await readdir(directory)).filter((name) => name.endsWith('.part') || name.startsWith('never'));
    assert.deepEqual(left, []);
  });
});

async function asked(session: Session, body: unknown, signal?: AbortSignal): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) };
  return fetch(`${session.url}/clip`, init);
}

async function lastClip(session: Session): Promise<Record<string, unknown>> {
  const list: unknown = await (await fetch(`${session.url}/clips`)).json();
  assert.ok(Array.isArray(list));
  return list.length === 0 ? {} : membersOf(list.at(-1));
}

async function progressOf(session: Session): Promise<number> {
  return Number((await lastClip(session))['progress'] ?? 0);
}

function codecOf(stream: Readonly<Record<string, string>>): string | undefined {
  return stream['codec_name'];
}

function boxTypes(file: Buffer): string[] {
  const types: string[] = [];
  for (let at = 0; at < file.length;) {
    types.push(file.toString('latin1', at + 4, at + 8));
    const size = file.readUInt32BE(at);
    at += size === 1 ? Number(file.readBigUInt64BE(at + 8)) : size;
  }
  return types;
}
