// Sound that is not what its track states, or not all the way: heard to its end, in step, under one configuration.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { parseAudioSpecificConfig } from '../../../src/media/bitstream/audio-specific-config.ts';
import { audioInit } from '../../../src/media/plan/init-sections.ts';
import { decodedHashes } from '../../support/judges/judge.ts';
import { withReplication } from '../../support/clips/implicit-replication.ts';
import { PART_SECONDS, soundClip, type SoundClip } from '../../support/clips/sound-clips.ts';
import { compareSound } from '../../support/judges/sound-correlation.ts';
import { SoundEngine } from '../../support/workers/sound-engine.ts';
import { pcmOf } from '../../support/clips/sound-samples.ts';

const RATE = 48_000;
/** Frames keep their grid where a new part begins between two of its places. */
const HALF_A_FRAME = 600;

let directory = '';
async function temporary(name: string): Promise<string> {
  directory ||= await mkdtemp(join(tmpdir(), 'raffi-changing-'));
  return join(directory, name);
}
after(() => rm(directory, { recursive: true, force: true }));

const BROADCASTS: readonly { name: string; parts: readonly SoundClip[]; kind: 'copied' | 'encoded' }[] = [
  { name: 'AAC in 5.1, stereo and 5.1', parts: ['aac-six-0', 'aac-two-6', 'aac-six-12'], kind: 'copied' },
  { name: 'AAC in stereo, 5.1 and stereo', parts: ['aac-two-0', 'aac-six-6', 'aac-two-12'], kind: 'copied' },
  { name: 'AAC in stereo, mono and stereo', parts: ['aac-two-0', 'aac-one-6', 'aac-two-12'], kind: 'copied' },
  { name: 'AAC at 48, 44.1 and 48 kHz', parts: ['aac-two-0', 'aac-44k-6', 'aac-two-12'], kind: 'copied' },
  { name: 'AC-3 in 5.1, stereo and 5.1', parts: ['ac3-six-0', 'ac3-two-6', 'ac3-six-12'], kind: 'encoded' },
];

suite('sound that changes in mid-stream', () => {
  for (const { name, parts, kind } of BROADCASTS) {
    for (const format of ['cmaf', 'mpegts'] as const) {
      test(`${name} is heard all the way in ${format}, and decoders have nothing to say`, async () => {
        const path = await temporary(`${parts.join('-')}.ts`);
        const paths = await Promise.all(parts.map(soundClip));
        await writeFile(path, Buffer.concat(await Promise.all(paths.map((part) => readFile(part)))));
        await using engine = await SoundEngine.open(path);
        assert.equal(engine.plan().track.kind, kind);
        const file = await engine.file({ format }, (numbers) => numbers.toReversed());
        assert.deepEqual((await decodedHashes(file, ['0:a:0'])).messages, []);
        const heard = await pcmOf(file);
        for (const [index, part] of paths.entries()) {
          const start = index * PART_SECONDS * RATE;
          const source = await pcmOf(part);
          const { lost, lag } = compareSound(source, heard.subarray(start, start + PART_SECONDS * RATE));
          assert.ok(lost <= 1, `${lost} windows of part ${index} are lost`);
          assert.ok(Math.abs(lag) <= 1024 + HALF_A_FRAME, `part ${index} lags ${lag} samples`);
        }
      });
    }
  }
});

suite('HE-AAC whose headers say AAC-LC', () => {
  for (const container of ['ts', 'mp4'] as const) {
    test(`is announced as what it is, and lasts as long as it should, in ${container}`, async () => {
      const { replicated } = await replicatedClips(container);
      await using engine = await SoundEngine.open(replicated);
      const { track, timeline } = engine.plan();
      assert.equal(track.kind, 'copied');
      assert.equal(track.sampleRate, 24_000);
      assert.equal(timeline.timescale, 24_000);
      assert.equal(engine.facts.description.audio[0]?.codecString, 'mp4a.40.5');
      const file = await engine.file();
      const { messages } = await decodedHashes(file, ['0:a:0']);
      assert.deepEqual(messages, []);
      const heard = await pcmOf(file);
      assert.ok(Math.abs(heard.length / RATE - PART_SECONDS) < 0.1, `${heard.length / RATE} s`);
      const { lost, jumps } = compareSound(await pcmOf(replicated), heard);
      assert.equal(jumps, 0);
      assert.ok(lost <= 1, `${lost} windows are lost`);
    });

    test(`is encoded at the rate that is heard, in ${container}`, async () => {
      const { replicated } = await replicatedClips(container);
      await using engine = await SoundEngine.open(replicated);
      const { track } = engine.plan({ maxChannels: 1 });
      assert.deepEqual([track.kind, track.sampleRate], ['encoded', RATE]);
      const heard = compareSound(await pcmOf(replicated), await pcmOf(await engine.file({ maxChannels: 1 })));
      assert.equal(heard.jumps, 0);
    });

    test(`is not seen in plain AAC-LC of the same rate, in ${container}`, async () => {
      const { plain } = await replicatedClips(container);
      await using engine = await SoundEngine.open(plain);
      const plan = engine.plan();
      assert.ok(plan.track.kind === 'copied');
      assert.equal(parseAudioSpecificConfig(plan.track.configuration).sbrSampleRate, undefined);
      assert.equal(engine.facts.description.audio[0]?.codecString, 'mp4a.40.2');
    });
  }
});

/** Six seconds of AAC-LC at 24 kHz, as they are and with a word of replication in each frame. */
async function replicatedClips(container: 'ts' | 'mp4'): Promise<{ plain: string; replicated: string }> {
  const [lc, he] = [await temporary('lc.aac'), await temporary('he.aac')];
  const noise = 'anoisesrc=d=6:c=white:r=24000:a=0.5:seed=5,lowpass=f=5000';
  ffmpeg('-f', 'lavfi', '-i', noise, '-ac', '2', '-c:a', 'aac', '-b:a', '64k', lc);
  await writeFile(he, withReplication(await readFile(lc)));
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=6'];
  const video = ['-map', '0:v', '-map', '1:a', '-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0'];
  const copied = ['-c:a', 'copy', ...(container === 'mp4' ? ['-bsf:a', 'aac_adtstoasc'] : [])];
  const [plain, replicated] = [await temporary(`plain.${container}`), await temporary(`replicated.${container}`)];
  ffmpeg(...picture, '-i', lc, ...video, ...copied, plain);
  ffmpeg(...picture, '-i', he, ...video, ...copied, replicated);
  return { plain, replicated };
}

function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-threads', '2', ...args]);
}

suite('where sound begins and ends', () => {
  test('a film of one picture in Matroska is heard for its whole minute, by segments made in any order', async () => {
    const path = await soundClip('one-picture-mkv');
    for (const maxChannels of [6, 1]) {
      await using engine = await SoundEngine.open(path);
      const file = await engine.file({ maxChannels }, (numbers) => numbers.toReversed());
      const heard = compareSound(await pcmOf(path), await pcmOf(file));
      assert.ok(heard.lost <= 1, `${heard.lost} windows are lost`);
      assert.equal(heard.jumps, 0);
    }
  });

  test('the last frame of copied sound is there', async () => {
    const path = await soundClip('aac-mp4');
    await using engine = await SoundEngine.open(path);
    const [source, heard] = [await pcmOf(path), await pcmOf(await engine.file())];
    assert.ok(heard.length >= source.length, `${source.length - heard.length} samples are missing`);
  });

  test('the init section states the language of the track', async () => {
    await using engine = await SoundEngine.open(await soundClip('german-mkv'));
    const init = Buffer.from(audioInit(engine.plan()));
    // Three letters of five bits: d, e, u.
    assert.equal(init.readUInt16BE(init.indexOf('mdhd') + 24), (4 << 10) | (5 << 5) | 21);
  });
});
