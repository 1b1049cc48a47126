// Copied video with a keyframe at which no player can start, or which is missing: the served stream is complete, on the same frame grid.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { beepsIn } from '../support/judges/beeps.ts';
import { range } from '../support/clips/clip-facts.ts';
import { samplesOf } from '../support/judges/decode.ts';
import { frameNumbersOf } from '../support/judges/frame-counter.ts';
import { frameFieldsOf } from '../support/judges/probe.ts';
import { FRAMES, oddCutClip, OPEN_CUTS, RATE } from '../support/clips/odd-cut-clips.ts';
import { parseInit, parseSegment } from '../support/judges/cmaf-boxes.ts';
import { decodedHashes, probeMessages } from '../support/judges/judge.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { beginsWithIdr, parseTransportStream } from '../support/judges/transport-stream.ts';
import { fetchRendition, openSession, type Served } from '../support/viewers/viewer.ts';

/** Start of the presentation in MPEG-TS timestamps, and a frame. */
const TRANSPORT_ZERO = 900_000;
const FRAME_TICKS = 90_000 / RATE;
/** Segments that start at an open cut, or end before one, contain pictures encoded by the server. */
const LEADING_FRAMES = 4;
const GROUP_FRAMES = 25;
/** Frames of the missing GOPs, the second with its leading pictures. */
const LOST = new Set([...range(100, 125), ...range(300 - LEADING_FRAMES, 325)]);
/** A segment that ends before an open cut, one that starts at one, and one with both. */
const ODD_PARTS = [6, 7, 10];
const SHAPE = ['sample_aspect_ratio', 'color_space', 'color_primaries', 'color_transfer'];

let servers: readonly [ServerProcess, ServerProcess];
let directory = '';

async function fileOf(served: Pick<Served, 'init' | 'segments'>, name: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, Buffer.concat([served.init, ...served.segments]));
  return path;
}

/** Boundaries in playlists lie just before the decode times: after a seek libavformat drops a keyframe that comes before its boundary. */
const LEAD_TICKS = 10;

/** Whether the server encodes, or may encode, the frame: it belongs to a GOP with an open cut, or is shown just before it. */
function isEncoded(frame: number): boolean {
  return OPEN_CUTS.some((cut) => frame >= cut - LEADING_FRAMES && frame < cut + GROUP_FRAMES);
}

async function muxedOf(path: string, server = 0): Promise<Served & { url: string }> {
  const session = await openSession(servers[server]?.url ?? '', path);
  const url = `${session.url}/stream/child.m3u8`;
  return { url, ...(await fetchRendition(url, { seed: 3 + server })) };
}

/** Each segment starts with an IDR picture, shows no picture before it, and is decoded at the time in the playlist or just after. */
function checkStarts({ segments, playlist }: Served): void {
  assert.ok(segments.length >= 12);
  let start = 0;
  for (const [number, segment] of segments.entries()) {
    const { video } = parseTransportStream(segment);
    assert.ok(beginsWithIdr(video[0]), `segment ${number} begins with an IDR picture`);
    assert.equal(Math.min(...video.map(({ pts }) => pts)), video[0]?.pts, `first picture of segment ${number}`);
    const late = (video[0]?.dts ?? NaN) - Math.round(TRANSPORT_ZERO + start * 90_000);
    assert.ok(
      late >= 0 && late <= LEAD_TICKS,
      `segment ${number} is decoded ${late} ticks after the playlist's boundary`,
    );
    start += playlist.segments[number]?.seconds ?? 0;
  }
  const { video, breaks } = parseTransportStream(Buffer.concat(segments));
  assert.deepEqual(breaks, []);
  for (const [index, { pts, dts }] of video.entries())
    assert.ok(dts <= pts && dts > (video[index - 1]?.dts ?? -1), `decode time of frame ${index}`);
}

/** The copied rendition of the multivariant route: sync samples first, no gap. */
async function checkOriginal(path: string, name: string): Promise<string[]> {
  const session = await openSession(servers[0].url, path);
  const served = await fetchRendition(`${session.url}/original/playlist.m3u8`, { seed: 5 });
  const { timescale } = parseInit(served.init);
  let expected = 0;
  for (const [number, bytes] of served.segments.entries()) {
    const segment = parseSegment(bytes);
    assert.ok(segment.samples[0]?.isSync, `segment ${number} begins with a sync sample`);
    assert.equal(segment.decodeTime, expected, `decode time of segment ${number}`);
    expected += segment.duration;
  }
  assert.equal(expected, (FRAMES / RATE) * timescale);
  const { hashes, messages } = await decodedHashes(await fileOf(served, `${name}.mp4`), ['0:v:0']);
  assert.deepEqual(messages, []);
  return hashes[0] ?? [];
}

suite('copied films with odd cuts', { concurrency: 3 }, () => {
  const stack = new AsyncDisposableStack();
  before(async () => {
    servers = [stack.use(await startServer()), stack.use(await startServer())];
    directory = await mkdtemp(join(tmpdir(), 'raffi-odd-cuts-'));
    stack.defer(() => rm(directory, { recursive: true, force: true }));
  });
  after(() => stack.disposeAsync());

  for (const name of ['odd-cuts-mkv', 'odd-cuts-mp4', 'odd-cuts-ts'] as const) {
    test(`${name} is one muxed stream of all its pictures, the copied ones as they are, and ffmpeg has nothing to say`, async () => {
      const path = await oddCutClip(name);
      const muxed = await muxedOf(path);
      checkStarts(muxed);
      const { video } = parseTransportStream(Buffer.concat(muxed.segments));
      assert.deepEqual(
        video.map(({ pts }) => pts).toSorted((a, b) => a - b),
        range(0, FRAMES).map((frame) => TRANSPORT_ZERO + frame * FRAME_TICKS),
      );
      const file = await fileOf(muxed, `${name}.ts`);
      assert.deepEqual(await frameNumbersOf(file), range(0, FRAMES));
      const source = await decodedHashes(path, ['0:V:0']);
      const played = await decodedHashes(muxed.url, ['0:v:0', '0:a:0']);
      assert.deepEqual(played.messages, []);
      assert.equal(played.hashes[0]?.length, FRAMES);
      const changed = range(0, FRAMES).filter((frame) => played.hashes[0]?.[frame] !== source.hashes[0]?.[frame]);
      assert.ok(changed.length > 0 && changed.every(isEncoded), changed.join());
      const beeps = beepsIn((await samplesOf(file)).subarray((TRANSPORT_ZERO / 90_000) * 48_000));
      assert.equal(beeps.length, FRAMES / RATE);
      for (const [second, beep] of beeps.entries())
        assert.ok(Math.abs(beep.seconds - second) <= 1 / RATE, `beep ${second} at ${beep.seconds}`);
    });
  }

  test('parts with encoded pictures decode alone, state what the others state, and are the same from another server', async () => {
    const path = await oddCutClip('odd-cuts-mkv');
    const [muxed, again] = [await muxedOf(path), await muxedOf(path, 1)];
    for (const [number, segment] of muxed.segments.entries()) {
      assert.ok(again.segments[number]?.equals(segment), `segment ${number} differs`);
      if (!ODD_PARTS.includes(number)) continue;
      const file = await fileOf({ init: Buffer.alloc(0), segments: [segment] }, 'one.ts');
      const frames = await frameFieldsOf(file, 'v:0', SHAPE);
      assert.equal(frames.length, parseTransportStream(segment).video.length, `frames of segment ${number}`);
      for (const frame of frames)
        assert.deepEqual(
          SHAPE.map((field) => frame[field]),
          ['4:3', 'bt709', 'bt709', 'bt709'],
        );
      assert.deepEqual(await probeMessages(file), [], `segment ${number}`);
    }
    const lines = servers[1]
      .output()
      .split('\n')
      .filter((line) => line.includes('no IDR picture'));
    assert.equal(lines.length, 6, lines.join('\n'));
  });

  test('where open GOPs are allowed the whole video is copied', async () => {
    const path = await oddCutClip('odd-cuts-mp4');
    assert.deepEqual(await checkOriginal(path, 'original'), (await decodedHashes(path, ['0:V:0'])).hashes[0]);
  });

  test('a GOP whose keyframe is lost shows the last frame until the next keyframe, on both routes', async () => {
    const path = await oddCutClip('lost-cuts-mkv');
    const muxed = await muxedOf(path);
    checkStarts(muxed);
    const expected = range(0, FRAMES).filter((frame) => !LOST.has(frame));
    // At 4 s the frame of 3 s is shown, at 12 s that of 11 s.
    expected.splice(expected.indexOf(125), 0, 75);
    expected.splice(expected.indexOf(325), 0, 275);
    assert.deepEqual(await frameNumbersOf(await fileOf(muxed, 'lost.ts')), expected);
    assert.deepEqual((await decodedHashes(muxed.url, ['0:v:0', '0:a:0'])).messages, []);
    assert.equal((await checkOriginal(path, 'lost')).length, expected.length);
    assert.equal(servers[0].output().split('has lost its first keyframe').length - 1, 4);
  });
});
