// Clips through HTTP: exactly the frames of `[start, end)`, sound in step with them, and never a file that was not finished.
import assert from 'node:assert/strict';
import { open, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { after, before as beforeAll, suite, test } from 'node:test';

import { beepsIn } from '../media/beeps.ts';
import { videoOf, type ClipName } from '../media/catalogue.ts';
import { clip } from '../media/clips.ts';
import { samplesOf } from '../media/decode.ts';
import { frameNumbersOf } from '../media/frame-counter.ts';
import { packetsOf, probe } from '../media/probe.ts';
import { encodersOf, until } from './server-children.ts';
import { startServer, serverHome, type ServerHome, type ServerProcess } from './server-process.ts';
import { membersOf, openSession, type Session } from './viewer.ts';

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

  async function asked(session: Session, body: unknown, signal?: AbortSignal): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) };
    return fetch(`${session.url}/clip`, init);
  }

  async function made(session: Session, body: Record<string, unknown>): Promise<string> {
    const reply = await asked(session, body);
    const { outputPath, error } = membersOf(await reply.json());
    assert.equal(reply.status, 200, String(error));
    assert.ok(typeof outputPath === 'string' && dirname(outputPath) === directory);
    return outputPath;
  }

  /** Every beep in the clip begins with the frame that flashes, to within a frame. */
  async function assertInStep(path: string, expected: { times: number[]; hertz: number; frameSeconds: number }) {
    const beeps = beepsIn(await samplesOf(path));
    // One that is cut in the middle counts for nothing.
    const whole = beeps.filter(({ seconds }) => seconds > expected.frameSeconds / 2);
    const wanted = expected.times.filter((time) => time > expected.frameSeconds / 2);
    assert.equal(whole.length, wanted.length, `${JSON.stringify(beeps)} ${wanted}`);
    for (const [i, { seconds, hertz }] of whole.entries()) {
      assert.ok(
        Math.abs(seconds - (wanted[i] ?? 0)) < expected.frameSeconds,
        `beep ${i} at ${seconds}, not ${wanted[i]}`,
      );
      assert.ok(Math.abs(hertz - expected.hertz) < 40, `${hertz} Hz`);
    }
  }

  /** Frames `[first, end)` of a clip of constant rate, made by asking for exactly their time. */
  async function assertExact(name: ClipName, { first, end }: { first: number; end: number }): Promise<string> {
    const facts = videoOf(name);
    const { num, den } = facts.video.frameRate;
    const session = await openSession(server.url, await clip(name));
    const path = await made(session, { start: (first * den) / num, end: (end * den) / num, name });
    const numbers = await frameNumbersOf(path);
    assert.deepEqual(
      numbers,
      Array.from({ length: end - first }, (_, i) => first + i),
      name,
    );
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
    await assertInStep(path, { times: beeps, hertz: sound.beepHertz, frameSeconds: den / num });
    return path;
  }

  test('a clip has exactly its frames and the sound that belongs to them, with its tables in front', async () => {
    const path = await assertExact('mp4-faststart', { first: 241, end: 493 });
    const { format, streams } = await probe(path);
    assert.deepEqual(
      streams.map(({ codec_name: codec }) => codec),
      ['h264', 'aac'],
    );
    const seconds = (252 * 1001) / 24000;
    assert.ok(Math.abs(Number(format['duration']) - seconds) < 0.001, format['duration']);
    for (const { duration } of streams) assert.ok(Math.abs(Number(duration) - seconds) < 0.03, duration);
    const file = await readFile(path);
    assert.deepEqual(boxTypes(file), ['ftyp', 'moov', 'free', 'mdat']);
  });

  test('single frames and both ends of a film can be cut', async () => {
    await assertExact('mp4-faststart', { first: 0, end: 1 });
    await assertExact('mp4-faststart', { first: 1380, end: 1439 });
  });
});

function boxTypes(file: Buffer): string[] {
  const types: string[] = [];
  for (let at = 0; at < file.length;) {
    types.push(file.toString('latin1', at + 4, at + 8));
    const size = file.readUInt32BE(at);
    at += size === 1 ? Number(file.readBigUInt64BE(at + 8)) : size;
  }
  return types;
}
