// Subtitle tracks as WebVTT over HTTP: right texts at right times, from every container and format.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';

import { clip } from '../support/clips/clips.ts';
import { run } from '../support/clips/ffmpeg.ts';
import { TemporaryClips } from '../media/index/temporary-clips.ts';
import { SRT, SUBTITLE_CUES } from '../support/clips/texts.ts';
import { FaultServer } from '../support/servers/fault-server.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { membersOf, openSession, sessionInfo, type Session } from '../support/viewers/viewer.ts';
import { judgedCues, parseWebvtt, plain, type VttCue } from '../support/judges/webvtt.ts';

suite('subtitles', () => {
  const stack = new AsyncDisposableStack();
  let clips: TemporaryClips;
  let server: ServerProcess;

  before(async () => {
    clips = stack.use(await TemporaryClips.create());
    server = stack.use(await startServer());
    await writeFile(clips.path('in.srt'), SRT);
  });
  after(() => stack.disposeAsync());

  async function tracksOf(session: Session): Promise<Record<string, unknown>[]> {
    const { availableStreams } = await sessionInfo(session);
    assert.ok(Array.isArray(availableStreams));
    return availableStreams.map(membersOf).filter(({ type }) => type === 'subtitle');
  }

  async function cuesOf(path: string, index = 0): Promise<VttCue[]> {
    const session = await openSession(server.url, path);
    const track = (await tracksOf(session))[index];
    assert.equal(track?.['url'], `/sessions/${session.id}/subtitles/${index}.vtt`);
    const reply = await fetch(`${session.url}/subtitles/${index}.vtt`);
    const text = await reply.text();
    assert.equal(reply.status, 200, text);
    assert.equal(reply.headers.get('content-type'), 'text/vtt; charset=utf-8');
    return parseWebvtt(text);
  }

  function withText(codec: string, ...more: string[]): string[] {
    return [
      '-i',
      clips.path('in.srt'),
      '-map',
      '0:v',
      '-map',
      '0:a:0',
      '-map',
      '1:s',
      '-c',
      'copy',
      '-c:s',
      codec,
      ...more,
    ];
  }

  /** The texts of the catalogue. `isOneAtATime`: in formats without overlap, a cue ends with the start of the next one. */
  function assertExpected(cues: VttCue[], toleranceMs = 0, isOneAtATime = false): void {
    assert.equal(cues.length, SUBTITLE_CUES.length);
    for (const [i, { startSeconds, endSeconds, text }] of SUBTITLE_CUES.entries()) {
      const cue = cues[i] ?? assert.fail();
      const next = (isOneAtATime && SUBTITLE_CUES[i + 1]?.startSeconds) || Infinity;
      assert.ok(Math.abs(cue.startMs - startSeconds * 1000) <= toleranceMs, `${cue.startMs}`);
      assert.ok(Math.abs(cue.endMs - Math.min(endSeconds, next) * 1000) <= toleranceMs, `${cue.endMs}`);
      assert.equal(plain(cue.text), plain(text.replaceAll('&', '&amp;')));
    }
    assert.equal(cues[1]?.text, '<i>Leaning</i> &amp; plain');
  }

  async function assertAsJudged(path: string, cues: VttCue[], options: { index?: number; originMs?: number } = {}) {
    const judged = await judgedCues(path, options.index ?? 0, options.originMs ?? 0);
    assert.deepEqual(
      cues.map(({ startMs, endMs, text }) => ({ startMs, endMs, text: plain(text) })),
      judged,
    );
  }

  test('SubRip and ASS in Matroska become the cues that ffmpeg makes of them, on the timeline of the video', async () => {
    const path = await clip('mkv-two-audio');
    for (const index of [0, 1]) {
      const cues = await cuesOf(path, index);
      // The video starts 21 ms into the file, which is the zero of the presentation.
      assertExpected(cues, 22);
      await assertAsJudged(path, cues, { index, originMs: 21 });
    }
  });

  test('timed text in MP4 and WebVTT in WebM and Matroska become the same cues', async () => {
    const mp4 = await clips.make('tx3g.mp4', '-i', await clip('mp4-faststart'), ...withText('mov_text'));
    assertExpected(await cuesOf(mp4), 0, true);
    const webm = await clips.make('webvtt.webm', '-i', await clip('webm-vp9-opus'), ...withText('webvtt'));
    assertExpected(await cuesOf(webm), 8);
    const matroska = await clips.make('webvtt.mkv', '-i', await clip('mp4-faststart'), ...withText('webvtt'));
    assertExpected(await cuesOf(matroska), 22);
  });

  test('a film that begins late, one whose index is at its end and one without an index give the same cues', async () => {
    const film = await clip('mp4-faststart');
    const late = await clips.make('late.mkv', '-i', film, ...withText('subrip'), '-output_ts_offset', '37.5');
    assertExpected(await cuesOf(late), 22);
    const last = await clips.make('last.mp4', '-i', late, '-map', '0', '-c', 'copy', '-c:s', 'mov_text');
    assertExpected(await cuesOf(last), 2, true);
    const piped = clips.path('piped.mkv');
    await run('ffmpeg', ['-v', 'error', '-i', film, ...withText('ass'), '-f', 'matroska', 'pipe:1'], {
      outputPath: piped,
    });
    assertExpected(await cuesOf(piped), 22);
  });

  test('markup, positions, entities and the encodings of old files survive', async () => {
    const text = `1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<b>Жирный</b> <font color="#ff0000">красный</font>\n\n2\n00:00:03,000 --> 00:00:04,000\n3 < 4 & <Имя> {\\pos(3,4)}тут\n\n`;
    await writeFile(clips.path('utf8.srt'), text);
    const source = [
      '-i',
      await clip('mp4-faststart'),
      '-i',
      clips.path('utf8.srt'),
      '-map',
      '0:v',
      '-map',
      '1:s',
      '-c',
      'copy',
    ];
    const path = await clips.make('russian.mkv', ...source, '-metadata:s:s:0', 'language=rus');
    const expected = [
      { startMs: 1000, endMs: 2000, settings: 'line:0', text: '<b>Жирный</b> красный' },
      { startMs: 3000, endMs: 4000, settings: '', text: '3 &lt; 4 &amp; &lt;Имя&gt; тут' },
    ];
    assert.deepEqual(await cuesOf(path), expected);
    // The same file with the letters in a one-byte encoding from before Unicode.
    const old = clips.path('windows-1251.mkv');
    await writeFile(old, inWindows1251(await readFile(path)));
    assert.deepEqual(await cuesOf(old), expected);
  });

  test('bitmap subtitles are listed with a reason and without a URL, and a request for one states the same reason', async () => {
    const sup = Buffer.from(PGS_SEGMENTS.replaceAll(/\s/gu, ''), 'hex');
    await writeFile(clips.path('in.sup'), sup);
    const source = [
      '-i',
      await clip('mp4-faststart'),
      '-f',
      'sup',
      '-i',
      clips.path('in.sup'),
      '-i',
      clips.path('in.srt'),
    ];
    const path = await clips.make('pictures.mkv', ...source, '-map', '0:v', '-map', '1', '-map', '2', '-c', 'copy');
    const session = await openSession(server.url, path);
    const tracks = await tracksOf(session);
    assert.deepEqual(
      tracks.map(({ index, codec, url, reason }) => [index, codec, url, reason]),
      [
        [0, 'hdmv_pgs_subtitle', undefined, 'PGS subtitles are pictures, not text'],
        [1, 'subrip', `/sessions/${session.id}/subtitles/1.vtt`, undefined],
      ],
    );
    const refused = await fetch(`${session.url}/subtitles/0.vtt`);
    assert.equal(refused.status, 422);
    assert.equal(membersOf(await refused.json())['error'], 'PGS subtitles are pictures, not text');
    assertExpected(parseWebvtt(await (await fetch(`${session.url}/subtitles/1.vtt`)).text()), 1);
    for (const name of ['2.vtt', '00.vtt', '-1.vtt', '1', '1.srt', '%2e%2e%2f1.vtt', '99999999999.vtt']) {
      assert.equal((await fetch(`${session.url}/subtitles/${name}`)).status, 404, name);
    }
  });

  test('a track is sent with its headers the first time, and answers HEAD, ranges and conditions after that', async () => {
    const session = await openSession(server.url, await clip('mkv-two-audio'));
    const url = `${session.url}/subtitles/0.vtt`;
    const origin = { origin: 'http://localhost:5173' };
    const first = await fetch(url, { headers: origin });
    assert.equal(first.headers.get('access-control-allow-origin'), 'http://localhost:5173');
    assert.equal(first.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    const etag = first.headers.get('etag') ?? assert.fail();
    const text = Buffer.from(await first.arrayBuffer());
    const again = await fetch(url, { headers: origin });
    assert.equal(again.headers.get('etag'), etag);
    assert.equal(again.headers.get('content-length'), String(text.length));
    assert.ok(Buffer.from(await again.arrayBuffer()).equals(text));
    const head = await fetch(url, { method: 'HEAD' });
    assert.deepEqual(
      [head.status, head.headers.get('content-length'), await head.text()],
      [200, String(text.length), ''],
    );
    const part = await fetch(url, { headers: { range: 'bytes=0-5' } });
    assert.deepEqual([part.status, await part.text()], [206, 'WEBVTT']);
    assert.equal((await fetch(url, { headers: { 'if-none-match': etag } })).status, 304);
    assert.equal((await fetch(url, { method: 'POST' })).status, 405);
  });

  test('cues of a source delivered in order are sent as the source arrives', async () => {
    const film = await unknownFilm();
    await using remote = await FaultServer.start(film, { ranges: false, bytesPerSecond: film.length / 3 });
    const session = await openSession(server.url, remote.url());
    const reply = await fetch(`${session.url}/subtitles/0.vtt`);
    assert.equal(reply.status, 200);
    let text = '';
    let firstAt = 0;
    for await (const chunk of reply.body ?? []) {
      text += Buffer.from(chunk).toString('utf8');
      if (firstAt === 0 && text.includes('-->')) firstAt = remote.bytesSent;
    }
    assertExpected(parseWebvtt(text), 22);
    assert.ok(firstAt < film.length * 0.9, `the first line came after ${firstAt} of ${film.length} bytes`);
  });

  test('viewers that disconnect while a track is read stop the reading, and the next viewer gets the whole track', async () => {
    const film = await unknownFilm();
    await using remote = await FaultServer.start(film, { ranges: false, bytesPerSecond: film.length / 4 });
    const session = await openSession(server.url, remote.url());
    await sessionInfo(session);
    const url = `${session.url}/subtitles/1.vtt`;
    for (let i = 0; i < 20; i += 1) {
      const leaving = new AbortController();
      const reading = fetch(url, { signal: leaving.signal }).then((reply) => (i % 2 === 0 ? reply.text() : undefined));
      setTimeout(() => leaving.abort(), i * 3);
      await reading.catch(() => undefined);
    }
    remote.faults = { ...remote.faults, bytesPerSecond: film.length };
    const whole = await Promise.all([1, 2].map(() => fetch(url).then((reply) => reply.text())));
    for (const text of whole) assertExpected(parseWebvtt(text), 22);
  });

  test('only the indexed subtitle bytes of a remote source are read', async () => {
    const film = await unknownFilm();
    await using remote = await FaultServer.start(film);
    const session = await openSession(server.url, remote.url());
    await sessionInfo(session);
    const sentBefore = remote.bytesSent;
    const replies = await Promise.all(
      [1, 2, 3].map(() => fetch(`${session.url}/subtitles/1.vtt`).then((reply) => reply.text())),
    );
    for (const reply of replies) assertExpected(parseWebvtt(reply), 22);
    const read = remote.bytesSent - sentBefore;
    // Five separate cues; three viewers share the work.
    assert.ok(read <= 32 * 1024, `${read} bytes of ${film.length} were read`);
  });

  test('for hundreds of cues of a remote source less than a fiftieth of the file is transferred', async () => {
    const lines = Array.from({ length: 300 }, (_, i) => timedLine(i * 200, `Line ${i} is as long as lines are.`));
    await writeFile(clips.path('lines.srt'), lines.join('\n'));
    // Filler data makes the video as large as required, whatever it shows.
    const filled = '-c:v libx264 -preset ultrafast -g 50 -b:v 4M -maxrate 4M -bufsize 4M -x264-params nal-hrd=cbr';
    const picture = ['-f', 'lavfi', '-i', 'color=size=320x180:rate=25:duration=60', '-i', clips.path('lines.srt')];
    const matroska = await clips.make('lines.mkv', ...picture, ...filled.split(' '), '-c:s', 'subrip');
    const mp4 = await clips.make('lines.mp4', '-i', matroska, '-map', '0', '-c', 'copy', '-c:s', 'mov_text');
    for (const path of [matroska, mp4]) {
      const film = await readFile(path);
      await using remote = await FaultServer.start(film);
      const session = await openSession(server.url, remote.url());
      await sessionInfo(session);
      const sentBefore = remote.bytesSent;
      const cues = parseWebvtt(await (await fetch(`${session.url}/subtitles/0.vtt`)).text());
      assert.deepEqual([cues.length, cues.at(-1)?.text], [300, 'Line 299 is as long as lines are.']);
      const share = (remote.bytesSent - sentBefore) / film.length;
      assert.ok(share < 0.02, `${(share * 100).toFixed(2)} % of ${film.length} bytes`);
    }
  });
});

function timedLine(atMs: number, text: string): string {
  const clock = (ms: number) => new Date(ms).toISOString().slice(11, 23).replace('.', ',');
  return `${atMs}\n${clock(atMs)} --> ${clock(atMs + 150)}\n${text}\n`;
}

/** A source that the server has not seen: texts are stored by source id. */
async function unknownFilm(): Promise<Buffer> {
  const mark = Buffer.from(randomUUID());
  return Buffer.concat([await readFile(await clip('mkv-two-audio')), Buffer.from([0xec, 0x80 | mark.length]), mark]);
}

/** Two display sets without an image, as on a Blu-ray. */
const PGS_SEGMENTS = `
504700015f900000000016000b014000b410000080000000 504700015f9000000000800000
50470002bf200000000016000b014000b410000080000000 50470002bf2000000000800000`;

/** Recodes Cyrillic letters from UTF-8 to one byte each; a zero, which is not displayed, fills the second byte, so that no offset changes. */
function inWindows1251(film: Buffer): Buffer {
  const out = Buffer.from(film);
  const start = film.indexOf(Buffer.from('Жирный'));
  for (const word of ['Жирный', 'красный', 'Имя', 'тут']) {
    const bytes = Buffer.from(word);
    const at = film.indexOf(bytes, start);
    assert.ok(at > 0);
    const letters = Buffer.from(Array.from(word, (letter) => (letter.codePointAt(0) ?? 0) - 0x410 + 0xc0));
    Buffer.concat([letters, Buffer.alloc(bytes.length - letters.length, 0)]).copy(out, at);
  }
  return out;
}
