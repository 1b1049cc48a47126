// Demuxers that are kept for the next job: of the right file, and not for ever.
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, readFile, readlink, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Demuxers } from '../../../src/media/worker/sessions/demuxers.ts';
import type { Demuxer } from '../../../src/media/worker/libav/demux/demuxer.ts';
import { FileSource } from '../../../src/sources/file/file-source.ts';
import type { MediaInput } from '../../../src/sources/port/source.ts';
import { FaultServer } from '../../support/servers/fault-server.ts';
import { clip } from '../../support/clips/clips.ts';

const never = new AbortController().signal;
const IDLE_MS = 200;

async function film(): Promise<AsyncDisposable & { path: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-demuxers-'));
  const path = join(directory, 'film.mp4');
  await copyFile(await clip('mp4-faststart'), path);
  return { path, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}

async function inputOf(path: string): Promise<MediaInput> {
  await using source = await FileSource.open(path, never);
  return source.input;
}

/** How many times this process holds a file open that bears the name, or bore it. */
async function openCount(path: string): Promise<number> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return (await Promise.all(links)).filter((link) => link.startsWith(path)).length;
}

test(
  'a demuxer is kept for the next job, and closed when none comes',
  { skip: process.platform !== 'linux' },
  async () => {
    await using file = await film();
    await using demuxers = new Demuxers({ idleMs: IDLE_MS });
    const input = await inputOf(file.path);
    const first = await demuxers.use(input, async (demuxer) => demuxer, never);
    assert.equal(await demuxers.use(input, async (demuxer) => demuxer, never), first);
    assert.equal(await openCount(file.path), 1);
    await sleep(2 * IDLE_MS);
    assert.equal(await openCount(file.path), 0);
  },
);

test('a demuxer of a file that was replaced is not used for the new one', async () => {
  await using file = await film();
  await using demuxers = new Demuxers();
  const old = await inputOf(file.path);
  const first = await demuxers.use(old, async (demuxer) => demuxer, never);
  await copyFile(await clip('mp4-moov-last'), `${file.path}.new`);
  await rename(`${file.path}.new`, file.path);
  const fresh = await inputOf(file.path);
  assert.notEqual(await demuxers.use(fresh, async (demuxer) => demuxer, never), first);
  await assert.rejects(
    demuxers.use(old, async (demuxer) => demuxer, never),
    { code: 'SOURCE_CHANGED' },
  );
  await assert.rejects(
    demuxers.useFresh(old, async (demuxer) => demuxer, never),
    { code: 'SOURCE_CHANGED' },
  );
});

test('what failed because the file was replaced meanwhile says so', async () => {
  await using file = await film();
  await using demuxers = new Demuxers();
  const work = async () => {
    await copyFile(await clip('mp4-moov-last'), `${file.path}.new`);
    await rename(`${file.path}.new`, file.path);
    throw new Error('nonsense was read');
  };
  await assert.rejects(demuxers.use(await inputOf(file.path), work, never), { code: 'SOURCE_CHANGED' });
});

test('what waits for bytes that do not come ends at once when nobody wants it any more', async (t) => {
  await using demuxers = new Demuxers();
  const bytes = await readFile(await clip('mp4-faststart'));
  for (const atByte of [100, 300_000]) {
    await t.test(`at byte ${atByte}`, async () => {
      await using remote = await FaultServer.start(bytes);
      remote.faults = { stall: { atByte, forMs: 60_000, times: Infinity } };
      const gone = new AbortController();
      const readAll = async (demuxer: Demuxer) => {
        while (await demuxer.read());
      };
      const reading = demuxers.use({ kind: 'endpoint', url: remote.url(), headers: '' }, readAll, gone.signal);
      const ended = assert.rejects(reading, { name: 'AbortError' });
      await sleep(700);
      const beforeMs = performance.now();
      gone.abort();
      await ended;
      assert.ok(performance.now() - beforeMs < 1000);
    });
  }
});
