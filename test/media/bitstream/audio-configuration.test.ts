import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AppError } from '../../../src/base/app-error.ts';
import { ac3Configuration, eac3Configuration } from '../../../src/media/bitstream/ac3-configuration.ts';
import { adtsHeaderWriter, parseAdtsHeader, rawAacFrame } from '../../../src/media/bitstream/adts.ts';
import { aacLcConfig, parseAudioSpecificConfig } from '../../../src/media/bitstream/audio-specific-config.ts';
import { clipDirectory, makeClip, readClip, streamOf } from '../../support/workers/real-packets.ts';

const directory = clipDirectory();
after(() => directory[Symbol.dispose]());

const config = (hex: string) => parseAudioSpecificConfig(Buffer.from(hex, 'hex'));

test('the configuration built for AAC-LC is the one the encoder wrote', () => {
  for (const [rate, layout, channels] of [
    [48000, 'stereo', 2],
    [44100, 'mono', 1],
    [48000, '5.1', 6],
    [32000, '7.1', 8],
  ] as const) {
    const clip = makeClip(
      join(directory.path, `aac-${rate}-${channels}.mp4`),
      `-f lavfi -i anullsrc=r=${rate}:cl=${layout}:d=0.2 -c:a aac`,
    );
    const written = streamOf(readClip(clip), 'audio').extradata;
    const read = parseAudioSpecificConfig(written);
    assert.equal(read.channels, channels);
    assert.equal(read.sampleRate, rate);
    assert.equal(read.frameLength, 1024);
    assert.equal(read.objectType, 2);
    if (read.channelConfiguration !== 0)
      assert.equal(aacLcConfig(rate, channels).toString('hex'), written.toString('hex', 0, 2));
  }
});

test('replication, parametric stereo and frames of 960 samples are read', () => {
  assert.deepEqual(config('131056e598'), {
    objectType: 2,
    sampleRate: 24000,
    channelConfiguration: 2,
    channels: 2,
    frameLength: 1024,
    sbrSampleRate: 48000,
    hasParametricStereo: false,
  });
  assert.equal(config('2b098800').sbrSampleRate, 48000);
  assert.ok(config('eb098800').hasParametricStereo);
  assert.equal(config('1214').frameLength, 960);
  assert.equal(config('1208' + '56e500').sbrSampleRate, undefined);
});

test('a configuration that cannot be is refused', () => {
  for (const hex of ['', '12', '1690', 'ffff']) assert.throws(() => config(hex), AppError, hex);
  assert.throws(() => aacLcConfig(48001, 2), TypeError);
  assert.throws(() => aacLcConfig(48000, 9), TypeError);
});

test('frames in ADTS decode as they did, and headers are read as they were written', () => {
  const clip = makeClip(join(directory.path, 'tone.mp4'), '-f lavfi -i sine=d=1:r=44100 -ac 2 -c:a aac');
  const stream = streamOf(readClip(clip), 'audio');
  const header = adtsHeaderWriter(parseAudioSpecificConfig(stream.extradata));
  const frames = stream.samples.map(({ data }) => Buffer.concat([header(data.length), data]));
  const path = join(directory.path, 'tone.aac');
  writeFileSync(path, Buffer.concat(frames));
  const foreign = makeClip(join(directory.path, 'foreign.aac'), `-i ${clip} -c copy`);
  assert.deepEqual(
    readClip(path).map(({ samples }) => samples.length),
    readClip(foreign).map(({ samples }) => samples.length),
  );
  for (const [index, frame] of frames.entries()) {
    assert.deepEqual(parseAdtsHeader(frame), {
      objectType: 2,
      sampleRate: 44100,
      channelConfiguration: 2,
      headerBytes: 7,
      frameBytes: frame.length,
    });
    assert.deepEqual(Buffer.from(rawAacFrame(frame)), stream.samples[index]?.data);
  }
  assert.equal(
    execFileSync('ffmpeg', ['-v', 'warning', '-i', path, '-f', 'null', '-'], { encoding: 'utf8', stdio: 'pipe' }),
    '',
  );
});

test('a raw frame is left as it is, and what ADTS cannot carry is refused', () => {
  const raw = Buffer.from('211004608c1c', 'hex');
  assert.equal(rawAacFrame(raw), raw);
  assert.throws(() => adtsHeaderWriter(config('1210'))(8185), AppError);
  assert.throws(() => adtsHeaderWriter(config('1214')), AppError);
});

test('dac3 and dec3 are those that libavformat writes', () => {
  for (const [codec, type, layout] of [
    ['ac3', 'dac3', 'stereo'],
    ['ac3', 'dac3', '5.1'],
    ['eac3', 'dec3', 'stereo'],
    ['eac3', 'dec3', '5.1'],
  ] as const) {
    const path = makeClip(
      join(directory.path, `${codec}-${layout}.mp4`),
      `-f lavfi -i anoisesrc=r=48000:d=0.3 -af aformat=channel_layouts=${layout} -c:a ${codec} -b:a 192k`,
    );
    const file = execFileSync('cat', [path]);
    const at = file.indexOf(type);
    const written = file.subarray(at + 4, at - 4 + file.readUInt32BE(at - 4));
    const frame = streamOf(readClip(path), 'audio').samples[0]?.data ?? Buffer.alloc(0);
    const built = codec === 'ac3' ? ac3Configuration(frame) : eac3Configuration(frame);
    assert.equal(built.toString('hex'), written.toString('hex'), `${codec} ${layout}`);
  }
});

test('a frame of something else is refused', () => {
  for (const read of [ac3Configuration, eac3Configuration]) {
    for (const hex of ['', '0b77', 'ffffffffffffffffffffffff', '0b77ffffffffffffffffffffffffffff']) {
      try {
        read(Buffer.from(hex, 'hex'));
      } catch (error) {
        assert.ok(error instanceof AppError && error.code === 'NOT_MEDIA');
      }
    }
  }
});
