// Playback on a cast device, from the API call to the segments: the test receiver fetches what it is told to play, as a Chromecast does.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { FakeReceiver } from '../cast/fake-receiver.ts';
import { RECEIVER_ORIGIN } from '../cast/receiver-fetches.ts';
import { at } from '../http/json.ts';
import { clip } from '../support/clips/clips.ts';
import { TemporaryClips } from '../media/index/temporary-clips.ts';
import { outputOf } from '../support/clips/ffmpeg.ts';
import { packetsOf, probe, type Fields } from '../support/judges/probe.ts';
import { newSession, startServer, type ServerProcess } from '../support/servers/server-process.ts';

suite('casting', () => {
  const stack = new AsyncDisposableStack();
  let clips: TemporaryClips;
  let server: ServerProcess;
  let receiver: FakeReceiver;

  before(async () => {
    clips = stack.use(await TemporaryClips.create());
    receiver = stack.use(await FakeReceiver.start());
    const devices = `TV@127.0.0.1:${receiver.port},Far@10.255.255.1`;
    server = stack.use(await startServer({ env: { RAFFI_CAST_DEVICES: devices, RAFFI_CAST_DISCOVERY: 'off' } }));
  });
  after(() => stack.disposeAsync());

  async function call(path: string, body?: Record<string, unknown>): Promise<{ status: number; text: string }> {
    const init = body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const reply = await fetch(`${server.url}${path}`, init);
    return { status: reply.status, text: await reply.text() };
  }

  /** Plays a file and waits until the device has fetched it. Returns the streams in the fetched segments, as ffprobe lists them. */
  async function cast(
    path: string,
    wish: Record<string, unknown> = {},
  ): Promise<{ id: string; video: Fields; audio: Fields }> {
    const id = await newSession(server.url, { source: path });
    const { status, text } = await call('/cast/devices/tv/play', { sessionId: id, ...wish });
    assert.equal(receiver.failure, undefined);
    assert.equal(status, 200, text);
    assert.equal(at(text, 'sessionId'), id);
    const segments = [...(receiver.media?.stream?.segments.values() ?? [])];
    await writeFile(clips.path('segments.ts'), Buffer.concat(segments));
    const { streams } = await probe(clips.path('segments.ts'));
    assert.equal(streams.length, 2, 'a picture and sound');
    const of = (type: string) => streams.find(({ codec_type }) => codec_type === type) ?? {};
    return { id, video: of('video'), audio: of('audio') };
  }

  function assertPlayable({ video, audio }: { video: Fields; audio: Fields }): void {
    assert.equal(video['codec_name'], 'h264');
    assert.ok(
      ['High', 'Main', 'Constrained Baseline', 'Baseline'].includes(String(video['profile'])),
      String(video['profile']),
    );
    assert.ok(Number(video['level']) <= 41, `level ${video['level']}`);
    assert.equal(video['pix_fmt'], 'yuv420p');
    assert.deepEqual([audio['codec_name'], audio['profile']], ['aac', 'LC']);
    assert.ok(Number(audio['channels']) <= 2);
  }

  test('both APIs list the devices', async () => {
    const { status, text } = await call('/cast/devices');
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), [
      { id: 'tv', name: 'TV', model: '', address: '127.0.0.1' },
      { id: 'far', name: 'Far', model: '', address: '10.255.255.1' },
    ]);
    const casting = await call('/casting');
    assert.deepEqual(JSON.parse(casting.text), [
      { id: 'tv', name: 'TV', type: 'external' },
      { id: 'far', name: 'Far', type: 'external' },
    ]);
  });

  test('a film with surround sound and two subtitles plays from where it is told, and obeys', async () => {
    const film = await cast(await clip('mkv-two-audio'), { startTime: 20, subtitleTrack: 1 });
    assertPlayable(film);
    const load = receiver.load ?? '';
    assert.deepEqual(
      [at(load, 'currentTime'), at(load, 'media.streamType'), at(load, 'media.hlsSegmentFormat')],
      [20, 'BUFFERED', 'ts'],
    );
    assert.equal(at(load, 'media.metadata.title'), 'mkv-two-audio');
    const { tracks } = receiver.media?.information ?? { tracks: [] };
    assert.deepEqual(
      tracks.map(({ language }) => language),
      ['eng', 'ger'],
    );
    assert.equal(at(load, 'activeTrackIds.0'), tracks[1]?.trackId);
    assert.ok(receiver.media?.stream?.subtitles.every((text) => text.includes('-->')));

    const command = async (path: string, body: Record<string, unknown> = {}) => {
      const { status, text } = await call(`/cast/devices/tv/${path}`, body);
      assert.equal(status, 200, text);
      return text;
    };
    const playing = (await call('/cast/devices/tv/status')).text;
    assert.deepEqual(
      [at(playing, 'state'), at(playing, 'subtitleTrack'), at(playing, 'title')],
      ['playing', 1, 'mkv-two-audio'],
    );
    assert.ok(Number(at(playing, 'position')) >= 20);
    assert.ok(Math.abs(Number(at(playing, 'durationSeconds')) - 60.06) < 0.5);
    assert.equal(at(await command('pause'), 'state'), 'paused');
    assert.equal(at(await command('seek', { position: 40 }), 'position'), 40);
    assert.ok((receiver.media?.stream?.segments.size ?? 0) > 2, 'it fetched there');
    assert.equal(at(await command('subtitles', { subtitleTrack: null }), 'subtitleTrack'), undefined);
    assert.equal(at(await command('resume'), 'state'), 'playing');
    const loud = await command('volume', { level: 0.3, muted: true });
    assert.deepEqual([at(loud, 'volume'), at(loud, 'muted')], [0.3, true]);
    await command('stop');
    assert.equal(receiver.media, undefined);
    const url = receiver.load === undefined ? '' : String(at(receiver.load, 'media.contentId'));
    const reply = await fetch(url, { headers: { origin: RECEIVER_ORIGIN } });
    assert.equal(reply.status, 401, 'the token went with the film');
  });

  test('a source without audio gets silence, and a source without video stays audio only', async () => {
    assertPlayable(await cast(await clip('video-only')));
    const spans = await Promise.all(['v:0', 'a:0'].map((stream) => spanOf(clips.path('segments.ts'), stream)));
    const [picture = { start: 0, end: 0, packets: 0 }, sound = picture] = spans;
    assert.ok(
      Math.abs(picture.start - sound.start) < 0.05 && Math.abs(picture.end - sound.end) < 0.1,
      JSON.stringify(spans),
    );
    assert.equal(sound.packets, Math.round(((sound.end - sound.start) * 48_000) / 1024) + 1, 'without gaps');
    assert.ok((await loudestOf(clips.path('segments.ts'))) < -80, 'silent');
    const id = await newSession(server.url, { source: await clip('audio-mp3') });
    const { status, text } = await call('/cast/devices/tv/play', { sessionId: id });
    assert.equal(receiver.failure, undefined);
    assert.equal(status, 200, text);
  });

  test('media that a Chromecast cannot play is encoded: HEVC in 10 bit, a higher level, eight channels', async () => {
    assertPlayable(await cast(await clip('hevc-open-gop-10bit')));
    const source = await clip('mp4-faststart');
    const level = ['-t', '10', '-c', 'copy', '-bsf:v', 'h264_metadata=level=5.1'];
    const high = await clips.make('high.mp4', '-i', source, ...level);
    assertPlayable(await cast(high));
    assertPlayable(await cast(await clip('aac-7.1')));
  });

  test('playback starts at the position of the session by default', async () => {
    const id = await newSession(server.url, { source: await clip('mp4-faststart'), startTime: 31 });
    await call('/cast/devices/tv/play', { sessionId: id });
    assert.equal(at(receiver.load ?? '', 'currentTime'), 31);
  });

  test('clients of Stremio play a source, and the URL of a session, with times in milliseconds', async () => {
    const source = await clip('mp4-faststart');
    const { status, text } = await call('/casting/tv/player', { source, time: 12_500 });
    assert.equal(status, 200, text);
    assert.deepEqual([at(text, 'source'), at(text, 'state'), at(text, 'paused')], [source, 3, false]);
    assert.equal(at(receiver.load ?? '', 'currentTime'), 12.5);
    const id = await newSession(server.url, { source });
    const known = await call('/casting/tv/player', { source: `${server.url}/sessions/${id}/stream.m3u8` });
    assert.equal(known.status, 200, known.text);
    assert.match(String(at(receiver.load ?? '', 'media.contentId')), new RegExp(`/sessions/${id}/`, 'u'));
  });

  test('clients of Stremio read and change the state of a player with one call, repeatedly', async () => {
    const id = await newSession(server.url, { source: await clip('mkv-two-audio') });
    const change = async (wish: Record<string, unknown>): Promise<string> => {
      const { status, text } = await call('/casting/tv/player', wish);
      assert.equal(status, 200, `${JSON.stringify(wish)} ${text}`);
      assert.equal(at(text, 'error'), undefined, 'they take it for a failure');
      return text;
    };
    const playing = await change({ source: `${server.url}/sessions/${id}/stream.m3u8`, time: 20_000 });
    assert.ok(Number(at(playing, 'time')) >= 20_000);
    assert.ok(Math.abs(Number(at(playing, 'length')) - 60_060) < 500);
    assert.ok(Number.isInteger(at(playing, 'mediaSessionId')));
    const paused = await change({ paused: true, time: 40_000, volume: 0.25 });
    assert.deepEqual(
      ['state', 'paused', 'time', 'volume'].map((name) => at(paused, name)),
      [4, true, 40_000, 0.25],
    );
    assert.deepEqual((await call('/casting/tv/player')).text, await change({}));
    assert.equal(at(await change({ paused: false }), 'state'), 3);
    const shown = async (): Promise<unknown> => at((await call('/cast/devices/tv/status')).text, 'subtitleTrack');
    await change({ subtitlesSrc: `${server.url}/sessions/${id}/subtitles/1.vtt`, subtitlesDelay: 0 });
    assert.equal(await shown(), 1);
    await change({ subtitlesSrc: null, subtitlesDelay: 0 });
    assert.equal(await shown(), undefined);
    const foreign = await call('/casting/tv/player', { subtitlesSrc: 'https://example.com/en.srt' });
    assert.deepEqual([foreign.status, at(foreign.text, 'code')], [400, 'BAD_REQUEST']);
    for (const stopped of [await change({ source: null }), await change({ source: null }), await change({})])
      assert.deepEqual(
        ['state', 'source', 'paused'].map((name) => at(stopped, name)),
        [5, null, false],
      );
    assert.equal(receiver.media, undefined);
    const nothing = await call('/casting/tv/player', { paused: true });
    assert.deepEqual([nothing.status, at(nothing.text, 'code')], [409, 'NOT_PLAYING']);
  });

  test('HLS of another server is relayed to the device, with the token on every URL', async () => {
    await mkdir(clips.path('hls'));
    const source = await clip('mp4-faststart');
    await clips.make(
      'hls/index.m3u8',
      '-i',
      source,
      '-t',
      '20',
      '-c',
      'copy',
      '-f',
      'hls',
      '-hls_playlist_type',
      'vod',
    );
    const upstream = createServer((request, response) => {
      const type = request.url?.endsWith('.m3u8') === true ? 'application/vnd.apple.mpegurl' : 'video/mp2t';
      const path = clips.path(`hls/${basename(request.url ?? '')}`);
      void readFile(path).then((bytes) => {
        const [, start = '0', end = ''] = /^bytes=(\d+)-(\d*)$/u.exec(request.headers.range ?? '') ?? [];
        const last = end === '' ? bytes.length - 1 : Number(end);
        const part = bytes.subarray(Number(start), last + 1);
        const range = { 'content-range': `bytes ${start}-${last}/${bytes.length}` };
        const isPart = request.headers.range !== undefined;
        response.writeHead(isPart ? 206 : 200, {
          'content-type': type,
          'content-length': part.length,
          ...(isPart ? range : {}),
        });
        response.end(part);
      });
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const address = upstream.address();
    assert.ok(address !== null && typeof address === 'object');
    try {
      assertPlayable(await cast(`http://127.0.0.1:${address.port}/index.m3u8`));
      assert.match(receiver.media?.stream?.playlist.text ?? '', /^[^#].*cast_token=/mu);
    } finally {
      upstream.closeAllConnections();
      upstream.close();
    }
  });

  test('every mistake gets an error with a sentence', async () => {
    const id = await newSession(server.url, { source: await clip('mkv-two-audio') });
    const broken = await newSession(server.url, { source: await clip('mp4-moov-missing') });
    const cases: [path: string, body: Record<string, unknown> | undefined, status: number, sentence: RegExp][] = [
      ['/cast/devices/nobody/play', { sessionId: id }, 404, /no such device/u],
      ['/cast/devices/nobody/status', undefined, 404, /no such device/u],
      ['/cast/devices/nobody/stop', {}, 404, /no such device/u],
      ['/casting/nobody/player', { source: 'http://127.0.0.1:1/a.mkv' }, 404, /no such device/u],
      ['/cast/devices/tv/play', { sessionId: 'nobody' }, 404, /no such session/u],
      ['/cast/devices/tv/play', {}, 400, /sessionId/u],
      ['/cast/devices/tv/play', { sessionId: id, startTime: -1 }, 400, /startTime/u],
      ['/cast/devices/tv/play', { sessionId: id, subtitleTrack: 7 }, 400, /subtitleTrack/u],
      ['/cast/devices/tv/play', { sessionId: broken }, 422, /./u],
      ['/cast/devices/tv/seek', { position: 'x' }, 400, /position/u],
      ['/cast/devices/tv/volume', { level: 2 }, 400, /level/u],
      ['/cast/devices/tv/volume', {}, 400, /body/u],
      ['/casting/tv/player', { source: '' }, 400, /source/u],
      ['/casting/tv/player', { volume: 2 }, 400, /volume/u],
      ['/casting/nobody/player', undefined, 404, /no such device/u],
      ['/cast/devices/far/play', { sessionId: id }, 409, /this machine|no way/u],
    ];
    for (const [path, body, status, sentence] of cases) {
      const reply = await call(path, body);
      assert.equal(reply.status, status, `${path} ${reply.text}`);
      assert.match(String(at(reply.text, 'error')), sentence, path);
    }
    await call('/cast/devices/tv/stop', {});
    const idle = await call('/cast/devices/tv/pause', {});
    assert.deepEqual([idle.status, at(idle.text, 'code')], [409, 'NOT_PLAYING']);
  });

  test('a device that refuses, and one that is gone, get an error with a sentence, and the server keeps working', async () => {
    const id = await newSession(server.url, { source: await clip('mp4-faststart') });
    receiver.faults = { loadFails: true };
    const refused = await call('/cast/devices/tv/play', { sessionId: id });
    assert.deepEqual([refused.status, at(refused.text, 'code')], [502, 'DEVICE_FAILED']);
    assert.match(String(at(refused.text, 'error')), /cannot play this/u);
    receiver.faults = {};
    await call('/cast/devices/tv/play', { sessionId: id });
    receiver.cut();
    const again = await call('/cast/devices/tv/status');
    assert.deepEqual([again.status, at(again.text, 'state')], [200, 'playing']);
    await receiver[Symbol.asyncDispose]();
    const gone = await call('/cast/devices/tv/status');
    assert.equal(gone.status, 200);
    assert.match(String(at(gone.text, 'error')), /cannot be reached/u);
    assert.equal((await call('/cast/devices/tv/pause', {})).status, 502);
    assert.equal((await call('/health')).status, 200);
    const { code, milliseconds } = await server.end();
    assert.equal(code, 0);
    assert.ok(milliseconds < 3000, `${milliseconds} ms`);
    assert.doesNotMatch(server.output(), /uncaught error|cast_token/u);
  });
});

test('devices call the server by the name it was given', async () => {
  await using receiver = await FakeReceiver.start();
  const env = {
    RAFFI_CAST_DEVICES: `TV@127.0.0.1:${receiver.port}`,
    RAFFI_CAST_DISCOVERY: 'off',
    RAFFI_CAST_HOST: 'localhost',
  };
  await using server = await startServer({ env });
  const sessionId = await newSession(server.url, { source: await clip('mp4-faststart') });
  const reply = await fetch(`${server.url}/cast/devices/tv/play`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sessionId }),
  });
  assert.equal(reply.status, 200, await reply.text());
  assert.equal(receiver.media?.information.contentId.startsWith(`http://localhost:${new URL(server.url).port}/`), true);
});

async function spanOf(path: string, stream: string): Promise<{ start: number; end: number; packets: number }> {
  const times = (await packetsOf(path, stream)).map(({ ptsSeconds }) => ptsSeconds ?? Number.NaN);
  return { start: Math.min(...times), end: Math.max(...times), packets: times.length };
}

/** Decibels below full scale. */
async function loudestOf(path: string): Promise<number> {
  const args = ['-v', 'error', '-i', path, '-map', '0:a', '-f', 's16le', '-'];
  let peak = 1;
  for await (const bytes of outputOf('ffmpeg', args)) {
    const view = Buffer.from(bytes);
    for (let offset = 0; offset + 2 <= view.length; offset += 2)
      peak = Math.max(peak, Math.abs(view.readInt16LE(offset)));
  }
  return 20 * Math.log10(peak / 32_768);
}
