// What makes the odd clips odd, seen in their bytes and raw packets; and that a clip is made once.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CLIPS, CLIP_NAMES } from '../../support/clips/catalogue.ts';
import { made } from '../../support/clips/clip-cache.ts';
import { clip, clipFileName, clipFiles } from '../../support/clips/clips.ts';
import { textOf } from '../../support/clips/ffmpeg.ts';
import { frameNumbersOf } from '../../support/judges/frame-counter.ts';
import { SCENE_CUTS } from '../../support/clips/ingredients.ts';
import { frameFieldsOf, packetsOf, probe } from '../../support/judges/probe.ts';
import { recipeHash, type RecipeBook } from '../../support/clips/recipe.ts';
import { SUBTITLE_CUES } from '../../support/clips/texts.ts';

const CUES = Buffer.from('1c53bb6b', 'hex');
const NO_PROCESS = 2 ** 22 + 1;

test('the main video has GOPs of 0.5, 1, 2.2, 5 and 10 seconds, with a pyramid of B-frames', async () => {
  const gaps = SCENE_CUTS.slice(1).map((cut, index) => cut - (SCENE_CUTS[index] ?? 0));
  assert.deepEqual(
    [...new Set(gaps)].sort((a, b) => a - b),
    [12, 24, 53, 120, 240],
  );
  const { streams } = await probe(await clip('mp4-faststart'));
  assert.equal(streams[0]?.['has_b_frames'], '2');
});

test('the 33-bit clock of ts-wrap starts again in the middle', async () => {
  const packets = await packetsOf(await clip('ts-wrap'), 'v:0', ['-correct_ts_overflow', '0']);
  const times = packets.map(({ pts = 0 }) => pts);
  assert.ok(times.slice(0, 240).every((pts) => pts > 2 ** 33 - 11 * 90000 && pts < 2 ** 33));
  assert.ok(times.slice(260).every((pts) => pts >= 0 && pts < 10 * 90000));
});

test('moov comes before mdat in mp4-faststart and after it in mp4-moov-last', async () => {
  assert.deepEqual((await boxesOf(await clip('mp4-faststart'))).filter(isMoovOrMdat), ['moov', 'mdat']);
  assert.deepEqual((await boxesOf(await clip('mp4-moov-last'))).filter(isMoovOrMdat), ['mdat', 'moov']);
});

test('only mkv-no-cues and mkv-truncated lack the Cues', async () => {
  assert.equal((await bytesOf('mkv-no-cues')).includes(CUES), false);
  // Its SeekHead still points to them.
  assert.equal((await bytesOf('mkv-truncated')).subarray(4096).includes(CUES), false);
  assert.equal((await bytesOf('mkv-two-audio')).subarray(4096).includes(CUES), true);
  assert.equal((await bytesOf('mkv-damaged')).subarray(4096).includes(CUES), true);
});

test('the fields of the interlaced pictures show different moments, the upper one first', async () => {
  for (const name of ['interlaced-mp4', 'interlaced-ts'] as const) {
    const frames = await frameFieldsOf(await clip(name), 'v:0', ['interlaced_frame', 'top_field_first']);
    assert.equal(frames.length, 500);
    assert.ok(frames.every((frame) => frame['interlaced_frame'] === '1' && frame['top_field_first'] === '1'));
    assert.ok((await upperFirstFramesOf(await clip(name))) > 490);
  }
  assert.equal(await upperFirstFramesOf(await clip('video-only')), 0);
});

test('both subtitle tracks hold the cues, 21 ms later like everything in that file', async () => {
  for (const track of ['s:0', 's:1']) {
    const packets = await packetsOf(await clip('mkv-two-audio'), track);
    assert.deepEqual(
      packets.map(({ ptsSeconds = 0 }) => Math.round(ptsSeconds * 1000)),
      SUBTITLE_CUES.map(({ startSeconds }) => startSeconds * 1000 + 21),
    );
  }
  const printed = await textOf('ffmpeg', [
    '-v',
    'error',
    '-i',
    await clip('mkv-two-audio'),
    '-map',
    '0:s:0',
    '-f',
    'srt',
    '-',
  ]);
  const text = printed.replaceAll('\r', '');
  for (const cue of SUBTITLE_CUES) assert.ok(text.includes(`\n${cue.text}\n`), cue.text);
});

test('mkv-damaged differs in five stretches of 60 kB and still shows most frames', async () => {
  const [damaged, whole] = [await bytesOf('mkv-damaged'), await bytesOf('mkv-two-audio')];
  assert.equal(damaged.length, whole.length);
  let stretches = 0;
  for (let i = 0, last = -1e6; i < whole.length; i += 1) {
    if (damaged[i] === whole[i]) continue;
    if (i - last > 1000) stretches += 1;
    last = i;
  }
  assert.equal(stretches, 5);
  const numbers = new Set(await frameNumbersOf(await clip('mkv-damaged')));
  assert.ok(numbers.size > 900 && numbers.size < 1400, `${numbers.size} frames`);
});

test('every clip has a file of its own name and facts', async () => {
  const files = await clipFiles(['empty', 'text-mkv', 'html-mp4']);
  assert.deepEqual([...files.keys()], ['empty.mp4', 'text-mkv.mkv', 'html-mp4.mp4']);
  for (const name of CLIP_NAMES)
    assert.ok(clipFileName(name).startsWith(`${name}.`) && CLIPS[name].verdict !== undefined);
  assert.equal((await stat(await clip('empty'))).size, 0);
});

test('many who want a file at once get the one that was made', async () => {
  await using cache = await temporaryCache();
  const book: RecipeBook = {
    tone: { kind: 'ffmpeg', extension: 'wav', args: ['-f', 'lavfi', '-i', 'sine=duration=1'] },
  };
  const script = `
    const { made } = await import(${JSON.stringify(new URL('../../support/clips/clip-cache.ts', import.meta.url).href)});
    console.log(await made(${JSON.stringify(book)}, 'tone', ${JSON.stringify(cache.path)}));`;
  const ask = async (): Promise<string> =>
    (await textOf(process.execPath, ['--input-type=module', '-e', script])).trim();
  const paths = await Promise.all([ask(), ask(), made(book, 'tone', cache.path), made(book, 'tone', cache.path)]);
  assert.equal(new Set(paths).size, 1);
  assert.deepEqual(await readdir(join(cache.path, recipeHash(book, 'tone'))), ['tone.wav']);
});

test('the command makes the named clips and tells their size', async () => {
  const said = await textOf(process.execPath, [
    fileURLToPath(new URL('../../support/clips/make-clips.ts', import.meta.url)),
    'text-mkv',
  ]);
  assert.match(said, /^text-mkv +[\d.]+ s +6 kB .*text-mkv\.mkv\n/);
});

test('the lock of a process that died is taken over', { timeout: 10_000 }, async () => {
  await using cache = await temporaryCache();
  const book: RecipeBook = { note: { kind: 'text', extension: 'txt', text: 'here' } };
  const directory = join(cache.path, recipeHash(book, 'note'));
  await mkdir(directory);
  await writeFile(join(directory, 'lock'), String(NO_PROCESS));
  assert.equal(await readFile(await made(book, 'note', cache.path), 'utf8'), 'here');
});

test('a changed ingredient changes the hash', () => {
  const copy = { kind: 'bytes', extension: 'txt', from: 'note', edit: (bytes: Uint8Array) => bytes } as const;
  const one: RecipeBook = { copy, note: { kind: 'text', extension: 'txt', text: 'here' } };
  const other: RecipeBook = { copy, note: { kind: 'text', extension: 'txt', text: 'there' } };
  assert.equal(recipeHash(one, 'copy'), recipeHash({ ...one }, 'copy'));
  assert.notEqual(recipeHash(one, 'copy'), recipeHash(other, 'copy'));
});

/** How many frames ffmpeg takes for interlaced with the upper field first, by the look of the pictures alone. */
async function upperFirstFramesOf(path: string): Promise<number> {
  const filter = 'idet,metadata=mode=print:key=lavfi.idet.multiple.current_frame:file=-';
  const said = await textOf('ffmpeg', ['-v', 'error', '-i', path, '-map', '0:v', '-vf', filter, '-f', 'null', 'none']);
  return said.split('current_frame=tff').length - 1;
}

async function bytesOf(name: Parameters<typeof clip>[0]): Promise<Buffer> {
  return readFile(await clip(name));
}

async function boxesOf(path: string): Promise<string[]> {
  const bytes = await readFile(path);
  const types: string[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += bytes.readUInt32BE(at))
    types.push(bytes.toString('latin1', at + 4, at + 8));
  return types;
}

function isMoovOrMdat(type: string): boolean {
  return type === 'moov' || type === 'mdat';
}

async function temporaryCache(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'clips-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
