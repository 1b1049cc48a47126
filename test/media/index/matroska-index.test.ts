import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { ID } from '../../../src/media/index/matroska/matroska-ids.ts';
import { readMatroskaIndex } from '../../../src/media/index/matroska/matroska-index.ts';
import { made } from '../../support/clips/clip-cache.ts';
import { BOOK } from '../../support/clips/clip-recipes.ts';
import { clip } from '../../support/clips/clips.ts';
import { CHAPTER_LIST } from '../../support/clips/texts.ts';
import { CountedBytes } from './counted-bytes.ts';
import { flipped, survive } from './damage.ts';
import { element, float, header, number, text } from './matroska-synthetic.ts';
import { probe } from './probed.ts';
import { TemporaryClips } from './temporary-clips.ts';

const clips = await TemporaryClips.create();
after(() => clips[Symbol.asyncDispose]());

const PICTURE = await made(BOOK, 'video-main');

async function agreesWithProbe(path: string): Promise<void> {
  const [index, judge] = [await readMatroskaIndex(await CountedBytes.of(path)), await probe(path)];
  const video = index?.video;
  assert.ok(video);
  assert.equal(`${video.timeBase.num}/${video.timeBase.den}`, judge.timeBase);
  assert.deepEqual(video.keyframes, judge.keyframes);
  assert.equal(video.gopStarts, undefined);
  assert.equal(video.frameCount, undefined);
  assert.equal(video.isExact, false);
  assert.equal(video.frameRate && `${video.frameRate.num}/${video.frameRate.den}`, judge.frameRate);
  // ffprobe cuts the last duration down to whole ticks; the tag does not.
  assert.ok(Math.abs((video.endTicks ?? 0) - judge.endTicks) <= 1, `${video.endTicks} against ${judge.endTicks}`);
  assert.ok(Math.abs((index.durationSeconds ?? 0) - judge.durationSeconds) < 1e-6);
  assert.deepEqual(index.chapters, judge.chapters);
}

for (const name of [
  'mkv-two-audio',
  'mkv-start-37.5',
  'h264-open-gop',
  'hevc-open-gop-10bit',
  'webm-vp9-opus',
] as const) {
  test(`${name} has the keyframes, end, rate, duration and chapters that ffprobe finds`, async () => {
    await agreesWithProbe(await clip(name));
  });
}

const REMUXES: Record<string, string[]> = {
  'cues-in-front.mkv': ['-i', PICTURE, '-c', 'copy', '-cues_to_front', '1'],
  'cues-in-reserved-space.mkv': ['-i', PICTURE, '-c', 'copy', '-reserve_index_space', '4000'],
  'start-offset.mkv': ['-i', PICTURE, '-c', 'copy', '-output_ts_offset', '12.3456'],
  'mpeg2.mkv': ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=30000/1001:d=2', '-c:v', 'mpeg2video', '-bf', '2'],
};

for (const [name, args] of Object.entries(REMUXES)) {
  test(`${name} agrees with ffprobe`, async () => agreesWithProbe(await clips.make(name, ...args)));
}

test('the chapters of a film are in order, with their titles', async () => {
  const index = await readMatroskaIndex(await CountedBytes.of(await clip('mkv-two-audio')));
  assert.deepEqual(index?.chapters, [...CHAPTER_LIST]);
});

test('a film written to a pipe or live has no cues and leaves its video to a packet scan', async () => {
  const live = await clips.make('live.mkv', '-i', PICTURE, '-t', '5', '-c', 'copy', '-live', '1');
  for (const path of [await clip('mkv-no-cues'), live]) {
    const index = await readMatroskaIndex(await CountedBytes.of(path));
    assert.deepEqual(index, { container: 'matroska', durationSeconds: undefined, video: undefined, chapters: [] });
  }
});

test('a film that lost its tail keeps its duration and chapters, not its keyframes', async () => {
  const index = await readMatroskaIndex(await CountedBytes.of(await clip('mkv-truncated')));
  assert.equal(index?.video, undefined);
  assert.deepEqual(index?.chapters, [...CHAPTER_LIST]);
  assert.ok(Math.abs((index?.durationSeconds ?? 0) - 60) < 0.1);
});

test('little more than the tables is read of a large film', async () => {
  const bytes = await readFile(await clip('mkv-two-audio'));
  const reader = new CountedBytes(bytes);
  await readMatroskaIndex(reader);
  assert.ok(reader.reads <= 6, `${reader.reads} reads`);
  assert.ok(reader.readBytes < 200_000, `${reader.readBytes} bytes of ${bytes.byteLength}`);
});

// A film of headers: two tracks, cues for both, and a first cluster that starts before the first cue.
const EBML = element(ID.ebml, text(ID.docType, 'matroska'));
const INFO = element(ID.info, number(ID.timestampScale, 1_000_000), float(ID.duration, 60_000));

function track(options: { frame?: number; codec?: string } = {}): Buffer {
  const sound = element(ID.trackEntry, number(ID.trackNumber, 1), number(ID.trackType, 2));
  const picture = element(
    ID.trackEntry,
    ...[number(ID.trackNumber, 2), number(ID.trackUid, 77), number(ID.trackType, 1)],
    ...[text(ID.codecId, options.codec ?? 'V_TEST'), number(ID.defaultDuration, options.frame ?? 40_000_000)],
  );
  return element(ID.tracks, sound, picture);
}

function cues(...points: { time: number; track: number }[]): Buffer {
  const cuePoints = points.map(({ time, track: cued }) =>
    element(ID.cuePoint, number(ID.cueTime, time), element(ID.cueTrackPositions, number(ID.cueTrack, cued))),
  );
  return element(ID.cues, ...cuePoints);
}

/** Payload of a block: track 1 to 126, time from the cluster's, bit 7 of the flags for a keyframe. */
function block(trackNumber: number, time: number, flags: number): Buffer {
  return Buffer.from([0x80 | trackNumber, (time >> 8) & 0xff, time & 0xff, flags, 1, 2, 3]);
}

function cluster(time: number, ...blocks: Buffer[]): Buffer {
  return element(ID.cluster, number(ID.timestamp, time), ...blocks);
}

const CUES = cues(
  { time: 9000, track: 2 },
  { time: 3000, track: 1 },
  { time: 5000, track: 2 },
  { time: 5000, track: 2 },
);

function film(...parts: Buffer[]): Buffer {
  return Buffer.concat([EBML, element(ID.segment, ...parts)]);
}

async function keyframesOf(bytes: Buffer): Promise<number[] | undefined> {
  return (await readMatroskaIndex(new CountedBytes(bytes)))?.video?.keyframes;
}

test('only cues of the video track count, each time once, in order', async () => {
  assert.deepEqual(await keyframesOf(film(INFO, track(), CUES, cluster(0))), [5000, 9000]);
});

test('a first keyframe that the cues leave out is found in the first cluster', async () => {
  const sound = element(ID.simpleBlock, block(1, 0, 0x80));
  const simple = cluster(1000, sound, element(ID.simpleBlock, block(2, 40, 0x80)));
  assert.deepEqual(await keyframesOf(film(INFO, track(), CUES, simple)), [1040, 5000, 9000]);
  const grouped = cluster(1000, sound, element(ID.blockGroup, element(ID.block, block(2, 40, 0))));
  assert.deepEqual(await keyframesOf(film(INFO, track(), CUES, grouped)), [1040, 5000, 9000]);
});

test('a first frame that needs others, or comes before zero, is no first keyframe', async () => {
  const dependent = cluster(1000, element(ID.simpleBlock, block(2, 40, 0)));
  assert.deepEqual(await keyframesOf(film(INFO, track(), CUES, dependent)), [5000, 9000]);
  const reference = number(ID.referenceBlock, 40);
  const grouped = cluster(1000, element(ID.blockGroup, element(ID.block, block(2, 40, 0)), reference));
  assert.deepEqual(await keyframesOf(film(INFO, track(), CUES, grouped)), [5000, 9000]);
  const early = cluster(0, element(ID.simpleBlock, block(2, -40, 0x80)));
  assert.deepEqual(await keyframesOf(film(INFO, track(), CUES, early)), [5000, 9000]);
});

test('a segment and clusters of unknown size are read to their first cluster', async () => {
  const bytes = Buffer.concat([
    EBML,
    header(ID.segment, undefined),
    INFO,
    track(),
    CUES,
    header(ID.cluster, undefined),
  ]);
  assert.deepEqual(await keyframesOf(Buffer.concat([bytes, number(ID.timestamp, 0)])), [5000, 9000]);
});

test('tracks whose blocks carry other times leave the video to a packet scan', async () => {
  assert.equal(await keyframesOf(film(INFO, track({ codec: 'V_MS/VFW/FOURCC' }), CUES)), undefined);
});

const RATES: [number, { num: number; den: number } | undefined][] = [
  [41_708_333, { num: 24000, den: 1001 }],
  [41_708_000, { num: 24000, den: 1001 }],
  [33_366_666, { num: 30000, den: 1001 }],
  [16_683_333, { num: 60000, den: 1001 }],
  [41_666_667, { num: 24, den: 1 }],
  [40_000_000, { num: 25, den: 1 }],
  [62_500_000, { num: 16, den: 1 }],
  [1_000_000, undefined],
  [0, undefined],
];

test('frame durations become the exact rates they stand for', async () => {
  for (const [frame, rate] of RATES) {
    const index = await readMatroskaIndex(new CountedBytes(film(INFO, track({ frame }), CUES)));
    assert.deepEqual(index?.video?.frameRate, rate, `${frame} ns`);
  }
});

function durationTag(uid: number, value: string, ...others: string[]): Buffer {
  return element(ID.tags, durationOf(uid, value, ...others));
}

function durationOf(uid: number, value: string, ...others: string[]): Buffer {
  const simple = [['DURATION', value], ...others.map((name) => [name, 'x'])].map(([name = '', string = '']) =>
    element(ID.simpleTag, text(ID.tagName, name), text(ID.tagString, string)),
  );
  return element(ID.tag, element(ID.targets, number(ID.tagTrackUid, uid)), ...simple);
}

test('the end comes from the DURATION tag of the track, unless it is stale or of another track', async () => {
  const endOf = async (tags: Buffer) =>
    (await readMatroskaIndex(new CountedBytes(film(INFO, track(), CUES, tags))))?.video?.endTicks;
  assert.equal(await endOf(durationTag(77, '00:01:00.040000000')), 60_040);
  assert.equal(await endOf(durationTag(77, '00:01:00.040000000', '_STATISTICS_WRITING_APP')), 65_040);
  assert.equal(await endOf(durationTag(77, '00:00:08.000000000')), undefined);
  assert.equal(await endOf(durationTag(78, '00:01:00.040000000')), undefined);
  assert.equal(await endOf(durationTag(77, 'long')), undefined);
});

/** Two video tracks, 1 and 2: only the first is a default track. */
function twoVideos(): Buffer {
  const entry = (trackNumber: number, uid: number, isDefault: number) =>
    element(
      ID.trackEntry,
      ...[number(ID.trackNumber, trackNumber), number(ID.trackUid, uid), number(ID.trackType, 1)],
      ...[text(ID.codecId, 'V_TEST'), number(ID.flagDefault, isDefault)],
    );
  return element(ID.tracks, entry(1, 76, 1), entry(2, 77, 0));
}

test('a default track that is much shorter than another one is not the video, wherever it begins', async () => {
  const STILL = { time: 37_000, track: 1 };
  const VIDEO = [37_000, 38_000, 39_000].map((time) => ({ time, track: 2 }));
  const LONG = [37_000, 38_000, 39_000].map((time) => ({ time, track: 1 }));
  const END_OF_STILL = durationOf(76, '00:00:37.040000000');
  const LENGTH_OF_STILL = durationOf(76, '00:00:00.040000000', '_STATISTICS_WRITING_APP');
  const END_OF_LONG = durationOf(76, '00:00:40.000000000');
  const END_OF_VIDEO = durationOf(77, '00:00:40.000000000');
  const rows: [name: string, chosen: number, points: { time: number; track: number }[], tags: Buffer[]][] = [
    ['a late still with its end', 1, [STILL, ...VIDEO], [END_OF_STILL, END_OF_VIDEO]],
    ['a late still with its length', 1, [STILL, ...VIDEO], [LENGTH_OF_STILL, END_OF_VIDEO]],
    ['a late still without tags', 1, [STILL, ...VIDEO], []],
    ['a track as long as the other', 0, [...LONG, ...VIDEO], [END_OF_LONG, END_OF_VIDEO]],
  ];
  for (const [name, chosen, points, tags] of rows) {
    const bytes = film(INFO, twoVideos(), cues(...points), element(ID.tags, ...tags));
    assert.equal((await readMatroskaIndex(new CountedBytes(bytes)))?.video?.streamIndex, chosen, name);
  }
});

function atom(startSeconds: number, title: string, ...more: Buffer[]): Buffer {
  const display = element(ID.chapterDisplay, text(ID.chapString, title));
  return element(ID.chapterAtom, number(ID.chapterTimeStart, startSeconds * 1e9), display, ...more);
}

async function chaptersOf(...editions: Buffer[]) {
  return (await readMatroskaIndex(new CountedBytes(film(INFO, element(ID.chapters, ...editions)))))?.chapters;
}

test('chapters without an end last to the next one, the last to the end of the film', async () => {
  const edition = element(
    ID.editionEntry,
    atom(20, 'two'),
    atom(0, 'one'),
    atom(40, 'three', number(ID.chapterTimeEnd, 50e9)),
  );
  assert.deepEqual(await chaptersOf(edition), [
    { startSeconds: 0, endSeconds: 20, title: 'one' },
    { startSeconds: 20, endSeconds: 40, title: 'two' },
    { startSeconds: 40, endSeconds: 50, title: 'three' },
  ]);
});

test('hidden, disabled, nested and foreign chapters are left out', async () => {
  const edition = element(
    ID.editionEntry,
    ...[atom(0, 'shown', atom(1, 'nested')), atom(2, 'hidden', number(ID.chapterFlagHidden, 1))],
    ...[atom(3, 'disabled', number(ID.chapterFlagEnabled, 0)), atom(4, 'foreign', text(ID.chapterSegmentUuid, 'x'))],
  );
  assert.deepEqual(await chaptersOf(edition), [{ startSeconds: 0, endSeconds: 60, title: 'shown' }]);
});

test('the default edition is taken, but a plain one before an ordered one', async () => {
  const plain = element(ID.editionEntry, atom(0, 'plain'));
  const chosen = element(ID.editionEntry, number(ID.editionFlagDefault, 1), atom(0, 'default'));
  const flags = [number(ID.editionFlagDefault, 1), number(ID.editionFlagOrdered, 1)];
  const ordered = element(ID.editionEntry, ...flags, atom(0, 'ordered'));
  assert.equal((await chaptersOf(plain, chosen))?.[0]?.title, 'default');
  assert.equal((await chaptersOf(ordered, plain))?.[0]?.title, 'plain');
  assert.equal((await chaptersOf(ordered))?.[0]?.title, 'ordered');
});

function seekHead(...entries: { id: number; position: number }[]): Buffer {
  const seeks = entries.map(({ id, position }) =>
    element(ID.seek, element(ID.seekId, Buffer.from(id.toString(16), 'hex')), number(ID.seekPosition, position)),
  );
  return element(ID.seekHead, ...seeks);
}

test('a seek head that names another is followed, and one that names itself ends', async () => {
  const first = seekHead({ id: ID.seekHead, position: 0 }, { id: ID.seekHead, position: 100_000 });
  const front = Buffer.concat([first, INFO, track(), cluster(0, element(0xec, Buffer.alloc(100_000)))]);
  const loop = (position: number) =>
    seekHead(
      { id: ID.seekHead, position: 0 },
      { id: ID.seekHead, position },
      { id: ID.cues, position: position + 1000 },
    );
  const at = front.byteLength;
  // The first head is rewritten with the place of the second: eight-byte numbers keep its length.
  const linked = Buffer.concat([
    seekHead({ id: ID.seekHead, position: 0 }, { id: ID.seekHead, position: at }),
    front.subarray(first.byteLength),
  ]);
  const second = loop(at);
  const bytes = film(linked, second, element(0xec, Buffer.alloc(1000 - second.byteLength - 9)), CUES);
  assert.deepEqual((await survive(readMatroskaIndex, bytes))?.video?.keyframes, [5000, 9000]);
});

test('a thousand seek heads in a chain are given up', async () => {
  const length = seekHead({ id: ID.seekHead, position: 0 }).byteLength;
  const chain = Array.from({ length: 1000 }, (_, i) => seekHead({ id: ID.seekHead, position: (i + 1) * length }));
  await survive(readMatroskaIndex, film(...chain.slice(0, 1), cluster(0), ...chain.slice(1)));
  await survive(readMatroskaIndex, film(...chain));
});

test('sizes of 2^56 and beyond the end are not believed', async () => {
  const giant = (1n << 56n) - 2n;
  for (const id of [ID.info, ID.tracks, ID.cues, ID.chapters, ID.tags, ID.seekHead, ID.cluster, 0xec]) {
    const bytes = Buffer.concat([EBML, header(ID.segment, giant), INFO, track(), header(id, giant), CUES]);
    const index = await survive(readMatroskaIndex, bytes);
    assert.equal(index?.container, 'matroska');
    assert.equal(index.durationSeconds, 60);
  }
  assert.equal(await survive(readMatroskaIndex, header(ID.ebml, giant)), undefined);
  assert.equal(await survive(readMatroskaIndex, Buffer.concat([EBML, header(0xec, giant)])), undefined);
});

test('a document of another type is not Matroska', async () => {
  const other = Buffer.concat([element(ID.ebml, text(ID.docType, 'other')), element(ID.segment, INFO)]);
  assert.equal(await readMatroskaIndex(new CountedBytes(other)), undefined);
});

test('a film cut at any sixteenth ends quickly and never lists keyframes that are gone', async () => {
  const bytes = await readFile(await clip('mkv-two-audio'));
  for (let part = 0; part < 16; part++) {
    const index = await survive(readMatroskaIndex, bytes.subarray(0, Math.floor((bytes.byteLength * part) / 16)));
    assert.equal(index?.video, undefined);
    if (part > 0) assert.deepEqual(index?.chapters, [...CHAPTER_LIST]);
  }
});

test('flipped bytes never hang or break the contract', async () => {
  const chapters = element(ID.chapters, element(ID.editionEntry, atom(0, 'one'), atom(20, 'two')));
  const first = cluster(1000, element(ID.simpleBlock, block(2, 40, 0x80)));
  const bytes = film(
    seekHead({ id: ID.cues, position: 50 }),
    INFO,
    track(),
    chapters,
    durationTag(77, '00:01:00.0'),
    CUES,
    first,
  );
  for (const damaged of flipped(bytes, { copies: 3000, flips: 3, edge: bytes.byteLength })) {
    await survive(readMatroskaIndex, damaged);
  }
  const real = await readFile(await clips.make('small.mkv', '-i', PICTURE, '-t', '2', '-c', 'copy'));
  for (const damaged of flipped(real, { copies: 500, flips: 20, edge: 1000 }))
    await survive(readMatroskaIndex, damaged);
});
