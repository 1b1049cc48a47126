import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { editedEnd } from '../../../src/media/index/mp4/mp4-edit-list.ts';
import { readMp4Index } from '../../../src/media/index/mp4/mp4-index.ts';
import { made } from '../../support/clips/clip-cache.ts';
import { BOOK } from '../../support/clips/clip-recipes.ts';
import { clip } from '../../support/clips/clips.ts';
import { CHAPTER_LIST, CHAPTERS } from '../../support/clips/texts.ts';
import { CountedBytes } from './counted-bytes.ts';
import { flipped, survive } from './damage.ts';
import { box, regularTables, syntheticFilm, words } from './mp4-synthetic.ts';
import { probe } from './probed.ts';
import { TemporaryClips } from './temporary-clips.ts';

const clips = await TemporaryClips.create();
after(() => clips[Symbol.asyncDispose]());

const MAIN = await clip('mp4-faststart');
const OPEN_GOP = await made(BOOK, 'video-h264-open-gop');

async function agreesWithProbe(path: string): Promise<void> {
  const [index, judge] = [await readMp4Index(await CountedBytes.of(path)), await probe(path)];
  const video = index?.video;
  assert.ok(video);
  assert.equal(`${video.timeBase.num}/${video.timeBase.den}`, judge.timeBase);
  assert.deepEqual(video.keyframes, judge.keyframes);
  assert.deepEqual(video.gopStarts, judge.gopStarts);
  assert.equal(video.endTicks, judge.endTicks);
  assert.equal(video.frameCount, judge.frameCount);
  assert.equal(video.isExact, true);
  assert.ok(Math.abs((index.durationSeconds ?? 0) - judge.durationSeconds) < 1e-6);
}

for (const name of ['mp4-faststart', 'mp4-moov-last', 'vfr', 'one-keyframe', 'cover-mp4', 'late-audio-mp4'] as const) {
  test(`${name} has the keyframes, groups, end and duration that ffprobe finds`, async () => {
    await agreesWithProbe(await clip(name));
  });
}

const REMUXES: Record<string, string[]> = {
  'open-gop.mov': ['-i', OPEN_GOP, '-map', '0:v', '-c', 'copy'],
  'late-picture.mp4': ['-itsoffset', '1.5', '-i', MAIN, '-i', MAIN, '-map', '0:v', '-map', '1:a', '-c', 'copy'],
  'start-offset.mp4': ['-i', MAIN, '-c', 'copy', '-output_ts_offset', '12.3456'],
  'cut-between-keyframes.mp4': ['-ss', '7.3', '-i', MAIN, '-t', '12.21', '-c', 'copy'],
  'cut-inside-open-gop.mp4': ['-ss', '3', '-i', OPEN_GOP, '-map', '0:v', '-t', '10', '-c', 'copy'],
  'negative-offsets.mp4': ['-i', MAIN, '-c', 'copy', '-movflags', 'negative_cts_offsets'],
  'no-edit-list.mp4': ['-i', MAIN, '-c', 'copy', '-use_editlist', '0'],
  'coarse-movie-clock.mp4': ['-i', MAIN, '-c', 'copy', '-movie_timescale', '600'],
  'all-intra.mov': ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=1', '-c:v', 'mjpeg'],
};

for (const [name, args] of Object.entries(REMUXES)) {
  test(`${name} has the times that ffprobe reports after its edit list`, async () => {
    await agreesWithProbe(await clips.make(name, ...args));
  });
}

test('a constant frame rate is an exact fraction, a variable one is not stated', async () => {
  const constant = await readMp4Index(await CountedBytes.of(MAIN));
  assert.deepEqual(constant?.video?.frameRate, { num: 24000, den: 1001 });
  const variable = await readMp4Index(await CountedBytes.of(await clip('vfr')));
  assert.equal(variable?.video?.frameRate, undefined);
});

test('chapters come from the list of Nero, and without it from the text track', async () => {
  await writeFile(clips.path('chapters.txt'), CHAPTERS);
  const sources = ['-i', MAIN, '-i', clips.path('chapters.txt'), '-map', '0:v', '-map', '0:a'];
  const path = await clips.make('chapters.mp4', ...sources, '-map_chapters', '1', '-c', 'copy');
  const bytes = await readFile(path);
  const nero = await readMp4Index(new CountedBytes(bytes));
  assert.deepEqual(nero?.chapters.slice(0, 2), CHAPTER_LIST.slice(0, 2));
  assert.deepEqual(nero?.chapters[2], { ...CHAPTER_LIST[2], endSeconds: nero?.durationSeconds });
  bytes.write('free', bytes.lastIndexOf('chpl'), 'latin1');
  const quickTime = await readMp4Index(new CountedBytes(bytes));
  assert.deepEqual(quickTime?.chapters, (await probe(path)).chapters);
  assert.deepEqual(quickTime?.chapters, [...CHAPTER_LIST]);
});

test('sound without a picture has a duration and no video', async () => {
  const index = await readMp4Index(await CountedBytes.of(await clip('audio-m4a')));
  assert.equal(index?.video, undefined);
  assert.ok(Math.abs((index?.durationSeconds ?? 0) - 60.018) < 0.05);
});

for (const flags of ['frag_keyframe+empty_moov', 'frag_keyframe']) {
  test(`a film fragmented with ${flags} leaves its video to a packet scan`, async () => {
    const path = await clips.make(`${flags}.mp4`, '-i', MAIN, '-t', '6', '-c', 'copy', '-movflags', flags);
    const index = await readMp4Index(await CountedBytes.of(path));
    assert.deepEqual(index, {
      container: 'mp4',
      durationSeconds: undefined,
      video: undefined,
      chapters: [],
      ends: new Map(),
    });
  });
}

test('little more than the tables is read of a large film', async () => {
  const bytes = await readFile(await clip('mp4-moov-last'));
  const reader = new CountedBytes(bytes);
  await readMp4Index(reader);
  assert.ok(reader.reads <= 5, `${reader.reads} reads`);
  assert.ok(reader.readBytes < bytes.byteLength / 100, `${reader.readBytes} bytes`);
});

test('a film cut short after its tables lists the frames that are left', async () => {
  const path = await clip('mp4-truncated');
  const index = await readMp4Index(await CountedBytes.of(path));
  const judge = await probe(path);
  assert.deepEqual(index?.video?.keyframes, judge.keyframes);
  // ffprobe also counts the frame that lost its end.
  assert.equal(index?.video?.frameCount, judge.frameCount - 1);
});

test('two hours of film are indexed within a few milliseconds', async () => {
  const film = syntheticFilm({
    tables: regularTables(172_800, 48, 1001),
    edits: [{ duration: 7_207_200, mediaTime: 1001 }],
  });
  await readMp4Index(new CountedBytes(film));
  const before = process.cpuUsage();
  const index = await readMp4Index(new CountedBytes(film));
  const { user, system } = process.cpuUsage(before);
  assert.equal(index?.video?.keyframes.length, 3600);
  assert.equal(index?.video?.keyframes.at(-1), 3599 * 48 * 1001);
  assert.equal(index?.video?.endTicks, 172_800 * 1001);
  assert.equal(index?.video?.frameCount, 172_800);
  // Of the processor's time: a busy machine takes longer, and does no more work. Some 20 ms are usual.
  assert.ok(user + system < 400_000, `${user + system} us`);
});

const ENDS: { what: string; edits: { duration: number; mediaTime: number }[]; expected: number | undefined }[] = [
  { what: 'without a list nothing is known', edits: [], expected: undefined },
  { what: 'one edit ends when it says', edits: [{ duration: 4000, mediaTime: 24_000 }], expected: 4 },
  { what: 'no edit shows more than there is', edits: [{ duration: 9000, mediaTime: 24_000 }], expected: 7 },
  { what: 'an edit without a length shows all', edits: [{ duration: 0, mediaTime: 48_000 }], expected: 6 },
  {
    what: 'an empty edit comes before the others',
    edits: [
      { duration: 1500, mediaTime: -1 },
      { duration: 6000, mediaTime: 0 },
    ],
    expected: 7.5,
  },
  {
    what: 'pieces follow each other',
    edits: [
      { duration: 2000, mediaTime: 0 },
      { duration: 3000, mediaTime: 120_000 },
    ],
    expected: 5,
  },
];

for (const { what, edits, expected } of ENDS)
  test(`the end of an edited track: ${what}`, () => {
    const clock = { ticksPerSecond: 24_000, movieTicksPerSecond: 1000, durationSeconds: 8 };
    assert.equal(editedEnd({ ...clock, edits, isOnlyShifted: false, isVideo: false }), expected);
  });

test('an edit list that cuts the film into pieces leaves the video to a packet scan', async () => {
  const pieces = [
    { duration: 1000, mediaTime: 1001 },
    { duration: 1000, mediaTime: 60_060 },
  ];
  const index = await readMp4Index(
    new CountedBytes(syntheticFilm({ tables: regularTables(96, 48, 1001), edits: pieces })),
  );
  assert.equal(index?.video, undefined);
  assert.equal(index?.durationSeconds, 60);
});

test('partial sync samples and random access groups are keyframes too', async () => {
  const tables = {
    ...regularTables(16, 8, 1000),
    stss: words(0, 1, 1),
    stps: words(0, 1, 9),
    sbgp: Buffer.concat([words(0), Buffer.from('rap '), words(3, 12, 0, 1, 1, 3, 0)]),
  };
  const index = await readMp4Index(new CountedBytes(syntheticFilm({ tables })));
  assert.deepEqual(index?.video?.keyframes, [1000, 9000, 13_000]);
});

test('compact sample sizes count the samples', async () => {
  const { stsz: _, ...tables } = regularTables(7, 4, 1000);
  const film = syntheticFilm({ tables: { ...tables, stz2: Buffer.concat([words(0, 4, 7), Buffer.alloc(4)]) } });
  assert.equal((await readMp4Index(new CountedBytes(film)))?.video?.frameCount, 7);
});

const LIES: Record<string, Record<string, Buffer>> = {
  'four thousand million samples of no bytes': { stsz: words(0, 1, 0xffff_ffff) },
  'four thousand million sizes': { stsz: words(0, 0, 0xffff_ffff) },
  'four thousand million durations': { stts: words(0, 0xffff_ffff, 1, 1) },
  'four thousand million composition offsets': { ctts: words(0, 0xffff_ffff, 1, 1) },
  'four thousand million sync samples': { stss: words(0, 0xffff_ffff, 1) },
  'four thousand million chunks': { stco: words(0, 0xffff_ffff, 0) },
  'sizes of zero bits': { stz2: words(0, 0, 0xffff_ffff) },
  'negative durations': { stts: words(0, 1, 96, -1) },
};

for (const [lie, table] of Object.entries(LIES)) {
  test(`${lie} are not believed`, async () => {
    const { stsz, ...tables } = regularTables(96, 48, 1001);
    const film = syntheticFilm({ tables: { ...tables, ...('stz2' in table ? {} : { stsz }), ...table } });
    const index = await survive(readMp4Index, film);
    assert.equal(index?.container, 'mp4');
    assert.equal(index?.video, undefined);
  });
}

test('boxes of giant, contradictory or no size end the walk', async () => {
  const giant = Buffer.concat([words(1), Buffer.from('moov'), words(0x7fff_ffff, 0xffff_ffff)]);
  const jump = Buffer.concat([words(1), Buffer.from('mdat'), words(0x001f_ffff, 0xffff_ffff)]);
  const overlong = Buffer.concat([words(0x7fff_ffff), Buffer.from('moov')]);
  const endless = Buffer.concat([words(0), Buffer.from('moov'), Buffer.alloc(1000)]);
  const backward = Buffer.concat([words(7), Buffer.from('free')]);
  for (const bytes of [giant, jump, overlong, endless, backward]) {
    assert.equal(await survive(readMp4Index, Buffer.concat([box('ftyp', Buffer.from('isom')), bytes])), undefined);
  }
});

test('a hundred thousand empty boxes are given up', async () => {
  const film = Buffer.concat([...Array.from({ length: 100_000 }, () => box('free')), syntheticFilm({ tables: {} })]);
  assert.equal(await survive(readMp4Index, film), undefined);
});

for (const name of ['mp4-faststart', 'mp4-moov-last'] as const) {
  test(`${name} cut at any sixteenth ends quickly, with an index or without`, async () => {
    const bytes = await readFile(await clip(name));
    for (let part = 0; part < 16; part++) {
      const index = await survive(readMp4Index, bytes.subarray(0, Math.floor((bytes.byteLength * part) / 16)));
      if (name === 'mp4-moov-last') assert.equal(index, undefined);
      if (name === 'mp4-faststart' && part > 0) assert.ok(index?.video);
    }
  });
}

test('flipped bytes never hang or break the contract', async () => {
  const film = syntheticFilm({ tables: regularTables(400, 48, 1001), edits: [{ duration: 16_000, mediaTime: 1001 }] });
  for (const damaged of flipped(film, { copies: 1500, flips: 3, edge: film.byteLength })) {
    await survive(readMp4Index, damaged);
  }
  // The head of the box tree, where a flip changes the most.
  for (const damaged of flipped(film, { copies: 1500, flips: 2, edge: 400 })) await survive(readMp4Index, damaged);
});
