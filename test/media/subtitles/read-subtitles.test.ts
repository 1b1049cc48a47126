// Subtitle tracks that no muxer at hand writes: packed, damaged, hostile. And the markup of ASS and SubRip in all its forms.
import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { test } from 'node:test';

import type { MediaFacts } from '../../../src/media/model/facts.ts';
import { ID } from '../../../src/media/index/matroska/matroska-ids.ts';
import { SubtitleLibrary } from '../../../src/media/subtitles/subtitle-library.ts';
import type { Source } from '../../../src/sources/port/source.ts';
import { readSubtitles } from '../../../src/media/subtitles/read-subtitles.ts';
import { parseWebvtt, type VttCue } from '../../support/judges/webvtt.ts';
import { CountedBytes } from '../index/counted-bytes.ts';
import { element, header, number, text } from '../index/matroska-synthetic.ts';

interface Line {
  atMs: number;
  /** Undefined: the block does not say. */
  durationMs?: number;
  payload: Buffer;
}

interface Film {
  codec: string;
  lines: Line[];
  header?: string;
  /** More members of the track's entry. */
  track?: Buffer[];
  /** How the cues point at the blocks; undefined: there are none. */
  cues?: 'exact' | 'cluster' | 'wrong' | 'beyond';
  /** Clusters that do not say how long they are. */
  isUnsized?: boolean;
  /** Bytes of picture between the lines. */
  pictureBytes?: number;
}

const SUBTITLE_TRACK = 2;

/** Each line has a cluster of its own, with a block of picture before and after it. */
function film({
  codec,
  lines,
  header: script = '',
  track = [],
  cues,
  isUnsized = false,
  pictureBytes = 2000,
}: Film): Buffer {
  const entry = (fields: Buffer[]) => element(ID.trackEntry, ...fields);
  const tracks = element(
    ID.tracks,
    entry([number(ID.trackNumber, 1), number(ID.trackType, 1), text(ID.codecId, 'V_MPEG4/ISO/AVC')]),
    entry([
      number(ID.trackNumber, SUBTITLE_TRACK),
      number(ID.trackType, 17),
      text(ID.codecId, codec),
      text(ID.codecPrivate, script),
      ...track,
    ]),
  );
  const start = Buffer.concat([element(ID.info, number(ID.timestampScale, 1_000_000)), tracks]);
  const picture = element(ID.simpleBlock, Buffer.from([0x81, 0, 0, 0x80]), Buffer.alloc(pictureBytes));
  const bodies = lines.map(({ atMs, durationMs, payload }) => {
    const block = element(ID.block, Buffer.from([0x80 | SUBTITLE_TRACK, 0, 7, 0]), payload);
    const group = element(
      ID.blockGroup,
      block,
      ...(durationMs === undefined ? [] : [number(ID.blockDuration, durationMs)]),
    );
    return { before: Buffer.concat([number(ID.timestamp, atMs - 7), picture]), group };
  });
  const clusters = bodies.map(({ before, group }) =>
    isUnsized
      ? Buffer.concat([header(ID.cluster, undefined), before, group, picture])
      : element(ID.cluster, before, group, picture),
  );
  const points: Buffer[] = [];
  let at = start.length;
  for (const [i, { before }] of bodies.entries()) {
    const place = {
      exact: [number(ID.cueClusterPosition, at), number(ID.cueRelativePosition, before.length)],
      cluster: [number(ID.cueClusterPosition, at)],
      wrong: [number(ID.cueClusterPosition, at), number(ID.cueRelativePosition, 3)],
      beyond: [number(ID.cueClusterPosition, 2 ** 52), number(ID.cueRelativePosition, 2 ** 52)],
    }[cues ?? 'exact'];
    const positions = element(ID.cueTrackPositions, number(ID.cueTrack, SUBTITLE_TRACK), ...place);
    points.push(element(ID.cuePoint, number(ID.cueTime, lines[i]?.atMs ?? 0), positions));
    at += clusters[i]?.length ?? 0;
  }
  const body = [start, ...clusters, ...(cues === undefined ? [] : [element(ID.cues, ...points)])];
  return Buffer.concat([element(ID.ebml, text(ID.docType, 'matroska')), withSeekHead(body, cues !== undefined)]);
}

/** A seek head that leads to the cues comes first, so the clusters move by its length. */
function withSeekHead(body: Buffer[], hasCues: boolean): Buffer {
  if (!hasCues) return element(ID.segment, ...body);
  const [start = Buffer.alloc(0), ...rest] = body;
  const cuesAt = body.slice(0, -1).reduce((sum, part) => sum + part.length, 0);
  const seekHead = (at: number) =>
    element(
      ID.seekHead,
      element(ID.seek, element(ID.seekId, Buffer.from('1c53bb6b', 'hex')), number(ID.seekPosition, at)),
    );
  const moved = seekHead(0).length;
  return element(
    ID.segment,
    seekHead(cuesAt + moved),
    start,
    ...rest.map((part, i) => (i === rest.length - 1 ? shiftedCues(part, moved) : part)),
  );
}

function shiftedCues(cues: Buffer, by: number): Buffer {
  const out = Buffer.from(cues);
  const marker = Buffer.from([ID.cueClusterPosition, 0x01, 0, 0, 0, 0, 0, 0, 8]);
  for (let at = out.indexOf(marker); at >= 0; at = out.indexOf(marker, at + 1)) {
    const value = out.readBigUInt64BE(at + marker.length);
    out.writeBigUInt64BE(value + BigInt(by), at + marker.length);
  }
  return out;
}

function facts(codec: string): MediaFacts {
  const track = { streamIndex: 1, codec, language: 'und', title: '', isDefault: true, isForced: false };
  return {
    description: { container: 'matroska,webm', durationSeconds: 100, video: undefined, audio: [], subtitles: [track] },
    chapters: [],
    origin: { ticks: 0, timeBase: { num: 1, den: 1000 } },
    durationSeconds: 100,
    videoStartSeconds: 0,
    videoSeconds: 100,
    table: undefined,
  };
}

async function read(bytes: CountedBytes, codec: string, mayWalk = true): Promise<VttCue[]> {
  let vtt = '';
  const readers = { dense: bytes, sparse: bytes };
  for await (const piece of readSubtitles(readers, { facts: facts(codec), index: 0, mayWalk, fromMs: 0 })) vtt += piece;
  return parseWebvtt(vtt);
}

function numberedLines(count: number, packed: (text: string) => Buffer = Buffer.from): Line[] {
  return Array.from({ length: count }, (_, i) => ({
    atMs: 1000 * (i + 1),
    durationMs: 800,
    payload: packed(`line ${i}`),
  }));
}

function sourceOf(bytes: CountedBytes, more: Partial<Source> = {}): Source {
  return {
    id: 'a film',
    name: 'film.mkv',
    sizeBytes: bytes.sizeBytes,
    seekable: true,
    input: { kind: 'endpoint', url: 'http://127.0.0.1/', headers: '' },
    read: (range) => bytes.read(range),
    stream: () => assert.fail('a stream would read ahead'),
    [Symbol.asyncDispose]: async () => undefined,
    ...more,
  };
}

const STAYS = new AbortController().signal;
const SUBRIP = 'S_TEXT/UTF8';
const TEXTS = Array.from({ length: 5 }, (_, i) => ({
  startMs: 1000 * (i + 1),
  endMs: 1000 * (i + 1) + 800,
  settings: '',
  text: `line ${i}`,
}));

test('blocks are found where the cues point, where they only name the cluster, where they lie, and without them', async () => {
  for (const cues of ['exact', 'cluster', undefined] as const) {
    for (const isUnsized of [false, true]) {
      const bytes = new CountedBytes(
        film({ codec: SUBRIP, lines: numberedLines(5), isUnsized, ...(cues && { cues }) }),
      );
      assert.deepEqual(await read(bytes, 'subrip'), TEXTS, `${cues} ${isUnsized}`);
    }
  }
  for (const cues of ['wrong', 'beyond'] as const) {
    assert.deepEqual(
      await read(new CountedBytes(film({ codec: SUBRIP, lines: numberedLines(5), cues })), 'subrip'),
      [],
    );
  }
});

test('a download that follows its readers is read from the viewer on, and kept in the order of time', async () => {
  const bytes = new CountedBytes(film({ codec: SUBRIP, lines: numberedLines(5), cues: 'exact' }));
  const stored = new Map<string, unknown>();
  const source = sourceOf(bytes, { followsReaders: true });
  using library = new SubtitleLibrary({
    get: (key) => stored.get(key),
    put: (key, value) => void stored.set(key, value),
  });
  const wish = { source, facts: facts('subrip'), index: 0, fromSeconds: 2.5 };
  const first = library.text(wish);
  assert.deepEqual([first.whole, first.isInOrder], [undefined, false]);
  let vtt = '';
  for await (const piece of first.pieces(STAYS)) vtt += piece;
  assert.deepEqual(
    [...vtt.matchAll(/line \d/gu)].map(([line]) => line),
    ['line 2', 'line 3', 'line 4', 'line 0', 'line 1'],
  );
  assert.deepEqual(parseWebvtt(library.text(wish).whole ?? ''), TEXTS);
  assert.deepEqual([...stored.values()], [library.text(wish).whole]);
});

test('a film without an index of its subtitles is not loaded for them where that is dear', async () => {
  const bytes = new CountedBytes(film({ codec: SUBRIP, lines: numberedLines(50), pictureBytes: 50_000 }));
  await assert.rejects(read(bytes, 'subrip', false), {
    code: 'UNSUPPORTED_MEDIA',
    message: /no index of its subtitles/u,
  });
  assert.ok(bytes.readBytes < 200_000, `${bytes.readBytes} bytes were read`);
  // Clusters that hold a line somewhere would be as dear.
  const vague = new CountedBytes(film({ codec: SUBRIP, lines: numberedLines(5), cues: 'cluster' }));
  await assert.rejects(read(vague, 'subrip', false), { code: 'UNSUPPORTED_MEDIA' });
  const indexed = new CountedBytes(film({ codec: SUBRIP, lines: numberedLines(5), cues: 'exact' }));
  assert.deepEqual(await read(indexed, 'subrip', false), TEXTS);
});

test('a film that was refused once is not read again for the same answer', async () => {
  const bytes = new CountedBytes(film({ codec: SUBRIP, lines: numberedLines(5), pictureBytes: 20_000 }));
  const source = sourceOf(bytes, { sizeBytes: 2 ** 40 });
  using library = new SubtitleLibrary({ get: () => undefined, put: () => undefined });
  const ask = async (asked: Source): Promise<string> => {
    const pieces = library.text({ source: asked, facts: facts('subrip'), index: 0, fromSeconds: 0 }).pieces(STAYS);
    let vtt = '';
    for await (const piece of pieces) vtt += piece;
    return vtt;
  };
  await assert.rejects(ask(source), { code: 'UNSUPPORTED_MEDIA' });
  const { reads } = bytes;
  assert.ok(reads > 0);
  await assert.rejects(ask(source), { code: 'UNSUPPORTED_MEDIA' });
  assert.equal(bytes.reads, reads);
  const file = { kind: 'file', path: '/film.mkv', sizeBytes: 2 ** 40, mtimeNs: '0', inode: '0' } as const;
  // On a disk of this machine it may be walked through.
  assert.deepEqual(parseWebvtt(await ask({ ...source, input: file })), TEXTS);
});

test('only headers and lines are read, not the picture between them', async () => {
  const shape = { codec: SUBRIP, lines: numberedLines(20), pictureBytes: 500_000 };
  for (const cues of ['exact', undefined] as const) {
    const bytes = new CountedBytes(film({ ...shape, ...(cues && { cues }) }));
    assert.equal((await read(bytes, 'subrip')).length, 20);
    // Two looks of 64 KiB go to the head of the file and to the cues.
    assert.ok(bytes.readBytes < 300_000, `${bytes.readBytes} of ${bytes.sizeBytes}`);
  }
});

test('packed blocks are unpacked, and those that burst or are broken are left out', async () => {
  const encoding = (...settings: Buffer[]) => [
    element(ID.contentEncodings, element(ID.contentEncoding, element(ID.contentCompression, ...settings))),
  ];
  const zlib = [...numberedLines(5, deflateSync)];
  zlib.splice(2, 0, { atMs: 2500, durationMs: 100, payload: deflateSync(Buffer.alloc(50_000_000, 'x')) });
  zlib.splice(2, 0, { atMs: 2600, durationMs: 100, payload: Buffer.from('not packed') });
  const packed = film({ codec: SUBRIP, lines: zlib, track: encoding(number(ID.contentCompAlgo, 0)) });
  assert.deepEqual(await read(new CountedBytes(packed), 'subrip'), TEXTS);
  const stripped = numberedLines(5, (line) => Buffer.from(line.slice(3)));
  const settings = [number(ID.contentCompAlgo, 3), text(ID.contentCompSettings, 'lin')];
  const headless = film({ codec: SUBRIP, lines: stripped, track: encoding(...settings) });
  assert.deepEqual(await read(new CountedBytes(headless), 'subrip'), TEXTS);
  const unknown = film({ codec: SUBRIP, lines: numberedLines(1), track: encoding(number(ID.contentCompAlgo, 2)) });
  await assert.rejects(read(new CountedBytes(unknown), 'subrip'), { code: 'UNSUPPORTED_MEDIA' });
});

test('a cue that does not say how long it lasts ends with the next, or after a while', async () => {
  const open = [1000, 2000, 20_000].map((atMs) => ({ atMs, payload: Buffer.from(`at ${atMs}`) }));
  const cues = await read(new CountedBytes(film({ codec: SUBRIP, lines: open })), 'subrip');
  assert.deepEqual(
    cues.map(({ startMs, endMs }) => [startMs, endMs]),
    [
      [1000, 2000],
      [2000, 7000],
      [20_000, 25_000],
    ],
  );
});

test('damage in the middle costs the lines it hit', async () => {
  const bytes = film({ codec: SUBRIP, lines: numberedLines(5) });
  const at = bytes.indexOf('line 2');
  bytes.fill(0, at - 60, at + 6);
  assert.deepEqual(
    await read(new CountedBytes(bytes), 'subrip'),
    TEXTS.filter((_, i) => i !== 2),
  );
  for (let cut = 100; cut < bytes.length; cut += 577)
    await read(new CountedBytes(bytes.subarray(0, cut)), 'subrip').catch(() => []);
});

const SCRIPT = `[Script Info]
[V4+ Styles]
Format: Name, Fontname, Bold, Italic, Underline, Alignment
Style: Default,Arial,0,0,0,2
Style: Sign,Arial,-1,0,0,8
Style: Thought,Arial,0,-1,0,2
[Events]`;

async function ass(...events: string[]): Promise<(readonly [string, string])[]> {
  const payloads = events.map((event, i) => ({ atMs: 1000 * (i + 1), durationMs: 500, payload: Buffer.from(event) }));
  const bytes = new CountedBytes(film({ codec: 'S_TEXT/ASS', header: SCRIPT, lines: payloads }));
  return (await read(bytes, 'ass')).map(({ settings, text: shown }) => [settings, shown] as const);
}

const event = (words: string, style = 'Default') => `0,0,${style},Name,0,0,0,,${words}`;

test('ASS keeps what can be read of it: emphasis, lines and simple places', async () => {
  const cues: [line: string, settings: string, text: string][] = [
    [event('plain, with a comma'), '', 'plain, with a comma'],
    [event('{\\i1}slanted{\\i0} and {\\b1}bold{\\b0} {\\u1}under'), '', '<i>slanted</i> and <b>bold</b> <u>under</u>'],
    [event('{\\b700}heavy{\\b400} light'), '', '<b>heavy</b> light'],
    [event('one\\Ntwo\\nstill two\\hthree'), '', 'one\ntwo still two&nbsp;three'],
    [event('{\\an8}top'), 'line:0', 'top'],
    [event('{\\an1}{\\an9}left'), 'align:left', 'left'],
    [event('{\\a11}middle right'), 'line:50% align:right', 'middle right'],
    [event('a sign', 'Sign'), 'line:0', '<b>a sign</b>'],
    [event('{\\r}normal again{\\rThought} dreaming', 'Sign'), 'line:0', '<b>normal again</b><i> dreaming</i>'],
    [event('{\\pos(10,20)\\fad(1,2)\\t(0,5,\\i1\\b1)\\1c&HFFFFFF&\\bord3\\fnSome Font}words'), '', 'words'],
    [event('{\\p1}m 0 0 l 100 100{\\p0}after'), '', 'after'],
    [event('{\\k20}ka{\\k30}ra{a comment}oke'), '', 'karaoke'],
    [event('1 < 2 & 3 > 2 --> {never closed'), '', '1 &lt; 2 &amp; 3 &gt; 2 --&gt; {never closed'],
    [event('\\N\\N  \\Ngap\\N\\N\\Nline\\N'), '', 'gap\nline'],
  ];
  const expected = cues.map(([, settings, shown]) => [settings, shown] as const);
  assert.deepEqual(await ass(...cues.map(([line]) => line)), expected);
});

test('what shows nothing is no cue, and layers that repeat a line give one', async () => {
  assert.deepEqual(await ass(event('{\\p1}m 0 0 l 1 1'), event('   '), 'too,few,fields', ''), []);
  const twice = { atMs: 1000, durationMs: 500, payload: Buffer.from(event('shadowed')) };
  const bytes = new CountedBytes(film({ codec: 'S_TEXT/ASS', header: SCRIPT, lines: [twice, twice, twice] }));
  assert.equal((await read(bytes, 'ass')).length, 1);
});

test('markup without end or bounds is written in bounds and in time', async () => {
  const began = performance.now();
  const deep = '<i><b><u>'.repeat(6000);
  const hostile = [
    `${deep}deep`,
    '{'.repeat(60_000),
    '<'.repeat(60_000),
    '{\\i1}a{\\i0}b'.repeat(5000),
    `${'</i>'.repeat(10_000)}closed too often`,
    `a\u0000\u0007\u001bb\u2028\u2029c\r\rd`,
    '&amp;lt;script&gt;<script>alert(1)</script>',
    'x'.repeat(70_000),
  ];
  for (const codec of ['S_TEXT/UTF8', 'S_TEXT/ASS'] as const) {
    const payloads = hostile.map((words, i) => {
      const payload = Buffer.from(codec === 'S_TEXT/ASS' ? event(words) : words);
      return { atMs: 1000 * (i + 1), durationMs: 500, payload };
    });
    const cues = await read(
      new CountedBytes(film({ codec, lines: payloads })),
      codec === 'S_TEXT/ASS' ? 'ass' : 'subrip',
    );
    assert.ok(cues.length >= 5 && cues.length < hostile.length, String(cues.length));
    for (const cue of cues) assert.ok(cue.text.length < 400_000);
    assert.ok(cues.some((cue) => cue.text.includes('&lt;script&gt;alert(1)&lt;/script&gt;')));
  }
  assert.ok(performance.now() - began < 20_000);
});
