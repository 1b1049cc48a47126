// What is heard of every codec: the source's samples, none too many and none too few, whatever order the segments were made in.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { shuffled } from '../../support/viewers/in-pool.ts';
import { run, textOf } from '../../support/clips/ffmpeg.ts';
import { soundClip, type SoundClip } from '../../support/clips/sound-clips.ts';
import { compareSound } from '../../support/judges/sound-correlation.ts';
import { SoundEngine } from '../../support/workers/sound-engine.ts';
import { pcmOf } from '../../support/clips/sound-samples.ts';

/** Below it the encoder is not at work on the sound of the source. */
const LEAST_SNR = 9;

const ENCODED: readonly SoundClip[] = [
  'vorbis-mkv',
  'vorbis-44k-mkv',
  'vorbis-22k-mkv',
  'vorbis-webm',
  'vorbis-ogv',
  'opus-mkv',
  'opus-short-mkv',
  'opus-mp4',
  'opus-ts',
  'flac-mkv',
  'flac-88k-mkv',
  'alac-mov',
  'tta-mkv',
  'wavpack-mkv',
  'pcm-mkv',
  'pcm-11k-mov',
  'mulaw-mov',
  'pcm-avi',
  'adpcm-avi',
  'adpcm-mov',
  's302m-ts',
  'bluray-ts',
  'ac3-mkv',
  'ac3-44k-mkv',
  'ac3-ts',
  'eac3-mp4',
  'dts-mkv',
  'dts-ts',
  'truehd-mkv',
  'truehd-96k-mkv',
  'truehd-ts',
  'mp2-ts',
  'mp3-mkv',
  'mp3-44k-mkv',
  'mp3-mp4',
  'mp3-avi',
  'wma1-asf',
  'wma2-asf',
  'latm-ts',
];

suite('encoded sound', () => {
  for (const name of ENCODED) {
    test(`${name} is heard sample by sample, by segments made apart in any order`, async () => {
      const path = await soundClip(name);
      await using engine = await SoundEngine.open(path);
      const { track } = engine.plan();
      assert.equal(track.kind, 'encoded');
      const file = await engine.file({}, (numbers) => shuffled(numbers, 11));
      const rate = track.sampleRate;
      const heard = compareSound(await pcmOf(path, { rate }), await pcmOf(file, { rate }), { rate });
      // What lies before the first picture is not presented.
      const isCutOff = heard.lags[0] === undefined ? 1 : 0;
      assert.equal(heard.jumps, 0, `lags ${[...new Set(heard.lags)].join()}`);
      assert.ok(heard.lost <= isCutOff, `${heard.lost} windows are not the sound of the source`);
      assert.ok(heard.snr > LEAST_SNR, `signal to noise ${heard.snr} dB`);
    });
  }

  for (const name of ['flac-mkv', 'vorbis-ogv', 'mp3-mp4', 'alac-mov'] as const) {
    test(`${name} is encoded as well as by the command line with its defaults`, async () => {
      const path = await soundClip(name);
      await using engine = await SoundEngine.open(path);
      const directory = await mkdtemp(join(tmpdir(), 'raffi-sound-'));
      await using _directory = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
      const other = join(directory, 'other.m4a');
      await run('ffmpeg', ['-v', 'error', '-i', path, '-map', '0:a', '-c:a', 'aac', '-b:a', '192k', '-ac', '2', other]);
      const source = await pcmOf(path);
      const own = compareSound(source, await pcmOf(await engine.file()));
      const usual = compareSound(source, await pcmOf(other));
      assert.ok(own.snr >= usual.snr - 1, `${own.snr} dB, the command line ${usual.snr} dB`);
    });
  }
});

suite('surround sound mixed to stereo', () => {
  for (const name of ['loud-noise', 'loud-tone'] as const) {
    test(`${name} of full scale in all channels does not clip`, async () => {
      await using engine = await SoundEngine.open(await soundClip(name));
      const { peak, loudness } = await levelsOf(await engine.file());
      assert.ok(peak <= 0, `true peak ${peak} dBTP`);
      assert.ok(loudness > -8, `loudness ${loudness} LUFS`);
    });
  }

  test('segments of limited sound made apart are the segments made in a row', async () => {
    await using engine = await SoundEngine.open(await soundClip('loud-noise'));
    const row = await pcmOf(await engine.file());
    const apart = await pcmOf(await engine.file({}, (numbers) => numbers.toReversed()));
    assert.deepEqual(apart, row);
  });

  test('dialogue keeps the level that it has in the source', async () => {
    const path = await soundClip('dialogue');
    await using engine = await SoundEngine.open(path);
    const { loudness } = await levelsOf(await engine.file());
    const { loudness: source } = await levelsOf(path);
    assert.ok(Math.abs(loudness - source) < 1.5, `${loudness} LUFS, the source ${source}`);
  });
});

async function levelsOf(path: string): Promise<{ loudness: number; peak: number }> {
  const filter = 'ebur128=peak=true:metadata=1,ametadata=print:file=-';
  const text = await textOf('ffmpeg', ['-v', 'error', '-i', path, '-af', filter, '-f', 'null', '-']);
  const last = (key: string) => Number([...text.matchAll(new RegExp(`lavfi.r128.${key}=(.*)`, 'gu'))].at(-1)?.[1]);
  const peaks = [...text.matchAll(/lavfi\.r128\.true_peaks_ch\d=(.*)/gu)].map(([, value]) => Number(value));
  return { loudness: last('I'), peak: 20 * Math.log10(Math.max(...peaks)) };
}
