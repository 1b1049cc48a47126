// The judges themselves: they accept right media and name each fault.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { run } from '../clips/ffmpeg.ts';
import { codedPictures } from '../clips/coded-picture.ts';
import { codedSound } from '../clips/coded-sound.ts';
import { compare } from './compare.ts';
import { decodeFilms } from './decoded-film.ts';
import { picturesOf, type Truth } from './truth.ts';

const FRAME = 1 / 25;
const TRUTH: Truth = {
  seconds: 4,
  frameSeconds: FRAME,
  pictures: picturesOf([{ seconds: 0, firstNumber: 0, count: 100 }], FRAME),
  sound: [{ startSeconds: 0, endSeconds: 4, voiceSeconds: 0 }],
};
const PICTURES = codedPictures({ width: 160, height: 90, rate: '25', seconds: 4 });
const ENCODE = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '30', '-c:a', 'aac', '-b:a', '64k'];

suite('the judges', { concurrency: 2 }, () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'raffi-judges-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  async function sentencesOf(name: string, args: readonly string[]): Promise<string[]> {
    const path = join(directory, `${name}.mp4`);
    await run('ffmpeg', ['-loglevel', 'error', '-y', ...args, ...ENCODE, path]);
    const { films, messages } = await decodeFilms([{ source: path, video: true, audio: true }], { copyTimes: false });
    assert.deepEqual(messages, []);
    return compare(TRUTH, films[0] ?? assert.fail(), { otherVoices: [{ voice: 1, seconds: 4 }] }).sentences;
  }

  test('accept a film that is right, at any size', async () => {
    assert.deepEqual(await sentencesOf('right', [...PICTURES, ...codedSound({ seconds: 4 })]), []);
    const large = codedPictures({ width: 1280, height: 720, rate: '25', seconds: 4 });
    assert.deepEqual(await sentencesOf('large', [...large, ...codedSound({ seconds: 4, layout: '5.1' })]), []);
  });

  test('hear sound that is late, of another place, of another voice, or missing', async () => {
    const late = [...PICTURES, '-itsoffset', '0.05', ...codedSound({ seconds: 4 })];
    assert.match((await sentencesOf('late', late)).join('; '), /The sound is 50\.\d ms late/u);
    const place = [...PICTURES, ...codedSound({ seconds: 4, firstSecond: 2 })];
    assert.match((await sentencesOf('place', place)).join('; '), /sound is heard -2\.00 s late/u);
    const voice = [...PICTURES, ...codedSound({ seconds: 4, voice: 1 })];
    assert.match((await sentencesOf('voice', voice)).join('; '), /of voice 1/u);
    const silent = [...PICTURES, ...codedSound({ seconds: 4 }), '-af', "volume='not(between(t,1,2))':eval=frame"];
    assert.match((await sentencesOf('silent', silent)).join('; '), /From 1\.\d+ to [12]\.\d+ s it is silent/u);
    const short = [...PICTURES, ...codedSound({ seconds: 3 })];
    assert.match((await sentencesOf('short', short)).join('; '), /The sound ends at 3\.0\d s/u);
    const jump = [
      ...[...PICTURES, ...codedSound({ seconds: 2 }), ...codedSound({ seconds: 2, firstSecond: 2.01 })],
      ...['-filter_complex', '[1:a][2:a]concat=v=0:a=1[joined]', '-map', '0:v', '-map', '[joined]'],
    ];
    assert.match((await sentencesOf('jump', jump)).join('; '), /ms off its own step/u);
  });

  test('see pictures that are lost, out of place, repeated or of another film', async () => {
    const sound = codedSound({ seconds: 4 });
    const lost = [...PICTURES, ...sound, '-vf', String.raw`select=not(eq(mod(n\,4)\,3))`, '-fps_mode', 'vfr'];
    assert.match((await sentencesOf('lost', lost)).join('; '), /25 of 100 pictures are lost: 3 at 0\.120 s/u);
    const early = [...PICTURES, ...sound, '-vf', 'select=gte(n\\,50),setpts=PTS-2/TB'];
    const words = (await sentencesOf('early', early)).join('; ');
    assert.match(words, /50 of 100 pictures are lost/u);
    assert.match(words, /out of place, -2000\.0 to -2000\.0 ms late/u);
    const again = [...PICTURES, ...sound, '-vf', 'loop=loop=1:size=25:start=0', '-t', '4'];
    assert.match((await sentencesOf('again', again)).join('; '), /25 of 75 pictures are shown but not of this place/u);
    const other = codedPictures({ width: 160, height: 90, rate: '25', seconds: 4, firstNumber: 500 });
    assert.match((await sentencesOf('other', [...other, ...sound])).join('; '), /100 of 100 pictures are lost/u);
  });
});
