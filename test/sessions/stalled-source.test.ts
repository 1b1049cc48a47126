// A film whose server stalls in the middle of it, with pictures so large that the worker cannot know how far its next packet is: it may
// wait, but must hear when it is told to let go, and hold nobody else up.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { isAbort } from '../../src/base/app-error.ts';
import type { ItemHandle, LocatedSegment, MediaItem } from '../../src/presentation/media-item.ts';
import { clip } from '../support/clips/clips.ts';
import { TemporaryClips } from '../media/index/temporary-clips.ts';
import { FaultServer } from '../support/servers/fault-server.ts';
import { openEngine, type Engine } from '../support/workers/media-engine.ts';

const clips = await TemporaryClips.create();
after(() => clips[Symbol.asyncDispose]());

const never = new AbortController().signal;
const PICTURES = 10;
const PICTURE_SECONDS = 2;
/**
 * Two seconds of black, so that nobody expects large pictures; then one of noise every two seconds, as a keyframe of more than a megabyte,
 * and next to nothing between them.
 */
const RAW = ['-f', 'rawvideo', '-pixel_format', 'yuv420p', '-video_size', '1280x720', '-framerate', '1/2'];
const INPUTS = [...RAW, '-i', '/dev/urandom', '-f', 'lavfi', '-i', 'sine=frequency=440'];
const PICTURE = [
  '-filter_complex',
  'color=s=1280x720:r=10:d=2[b];[0:v]fps=10[n];[b][n]concat[v]',
  '-map',
  '[v]',
  '-map',
  '1',
];
const LENGTH = ['-t', String(PICTURES * PICTURE_SECONDS)];
const CODECS = ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '12', '-bf', '0', '-c:a', 'aac'];
const KEYFRAMES = ['-g', '20', '-force_key_frames', 'expr:gte(t,n_forced*2)', '-movflags', '+faststart'];
/** In the middle of the sound's segments of some six seconds. */
const STALLED_PICTURE = 7;

/** The segment in which that picture is shown. */
async function stalledSegment(item: MediaItem, rendition: string): Promise<LocatedSegment> {
  const time = (STALLED_PICTURE + 0.5) * PICTURE_SECONDS;
  for (let number = 0; ; number += 1) {
    const segment = await segmentOf(item, rendition, number);
    if (segment.endSeconds > time) return segment;
  }
}

async function segmentOf(item: MediaItem, rendition: string, number: number): Promise<LocatedSegment> {
  const name = `segment${String(number).padStart(5, '0')}`;
  if (rendition !== 'muxed-0') return item.segment(rendition, `${name}.m4s`);
  const file = await item.streamFile({ name: `${name}.ts`, range: undefined, audioIndex: 0 }, never);
  return 'get' in file ? file : assert.fail();
}

async function open(engine: Engine, uri: string): Promise<ItemHandle> {
  return engine.items.open({ uri, kind: 'http', headers: {}, fileIndex: undefined }, never);
}

for (const container of ['mkv', 'mp4']) {
  test(`${container}: a job that waits in mid-film ends when it is told to, and holds up no other of its worker`, async (t) => {
    const film = await clips.make(`noise.${container}`, ...INPUTS, ...PICTURE, ...LENGTH, ...CODECS, ...KEYFRAMES);
    const content = await readFile(film);
    for (const name of ['audio-0', 'original', 'muxed-0']) {
      await t.test(name, async () => {
        await using stack = new AsyncDisposableStack();
        const server = stack.use(await FaultServer.start(content));
        const pool = { sharedWorkers: 1, retries: 0 };
        const engine = await openEngine(stack, { pool, sources: { retry: { stallMs: 60_000 } } });
        const remote = stack.use(await open(engine, server.url()));
        const local = stack.use(await open(engine, await clip('mp4-faststart')));
        const stalled = await stalledSegment(remote.item, name);
        // Most of the picture is there.
        const atByte = Math.round((content.length * (STALLED_PICTURE - 1 + 0.8)) / (PICTURES - 1));
        server.faults = { stall: { atByte, forMs: 60_000, times: Infinity } };
        const gone = new AbortController();
        const ended = assert.rejects(stalled.get('one', gone.signal), isAbort);
        await sleep(1500);
        const beforeMs = performance.now();
        await (await segmentOf(local.item, 'original', 1)).get('two', never);
        assert.ok(performance.now() - beforeMs < 1500, `the other film waited ${performance.now() - beforeMs} ms`);
        assert.ok(server.active > 0, 'nothing is waited for');
        gone.abort();
        const abortedMs = performance.now();
        await ended;
        assert.ok(performance.now() - abortedMs < 1500);
        assert.equal(engine.pool.stats.lost, 0);
      });
    }
  });
}
