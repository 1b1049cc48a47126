import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildHevcConfiguration, parseHevcConfiguration } from '../../../src/media/bitstream/hevc-configuration.ts';
import { audioCodecString, videoCodecString } from '../../../src/media/bitstream/codec-string.ts';
import { vp9Configuration } from '../../../src/media/bitstream/vp9-configuration.ts';
import { clipDirectory, makeClip, readClip, streamOf } from '../../support/workers/real-packets.ts';

const directory = clipDirectory();
after(() => directory[Symbol.dispose]());

const PICTURE = '-f lavfi -i testsrc2=s=320x180:r=24:d=0.5';
const SOUND = '-f lavfi -i sine=d=0.5';

test('H.264 and AV1 are named as libav names them', () => {
  const clips = [
    { codec: 'h264', name: 'high.mp4', options: '-c:v libx264 -pix_fmt yuv420p' },
    { codec: 'h264', name: 'baseline.mp4', options: '-c:v libx264 -pix_fmt yuv420p -profile:v baseline -level 4.2' },
    { codec: 'h264', name: 'high422.mkv', options: '-c:v libx264 -pix_fmt yuv422p10le' },
    { codec: 'av1', name: 'av1.mp4', options: '-c:v libaom-av1 -usage realtime -cpu-used 8' },
    { codec: 'av1', name: 'av1-10.mkv', options: '-c:v libaom-av1 -usage realtime -cpu-used 8 -pix_fmt yuv420p10le' },
  ];
  for (const { codec, name, options } of clips) {
    const stream = streamOf(readClip(makeClip(join(directory.path, name), `${PICTURE} ${options}`)), 'video');
    assert.equal(videoCodecString({ codec, configuration: stream.extradata }), stream.codecString, name);
  }
});

test('VP9 is named from a keyframe as libav names it', () => {
  for (const [name, options] of [
    ['vp9.webm', '-pix_fmt yuv420p'],
    ['vp9-10.webm', '-pix_fmt yuv420p10le'],
  ] as const) {
    const clip = makeClip(
      join(directory.path, name),
      `${PICTURE} -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 300k ${options}`,
    );
    const stream = streamOf(readClip(clip), 'video');
    const frame = stream.samples[0]?.data ?? Buffer.alloc(0);
    assert.equal(
      videoCodecString({ codec: 'vp9', configuration: vp9Configuration({ frame, framesPerSecond: 24 }) }),
      stream.codecString,
    );
  }
});

test('VP9 in HDR or 4:4:4 has the long form', () => {
  const frame = Buffer.from('824983420013f00b360000', 'hex'); // profile 0, BT.601, 320x180
  const color = { primaries: 9, transfer: 16, matrix: 9, fullRange: false };
  assert.equal(
    videoCodecString({ codec: 'vp9', configuration: vp9Configuration({ frame, color }) }),
    'vp09.00.11.08.01.09.16.09.00',
  );
});

test('HEVC is named as ISO/IEC 14496-15 Annex E says: compatibility in reverse bit order, constraints without trailing zeros', () => {
  const mp4 = makeClip(
    join(directory.path, 'hevc.mp4'),
    `${PICTURE} -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -tag:v hvc1 -x265-params log-level=0`,
  );
  const stream = streamOf(readClip(mp4), 'video');
  const fromMp4 = videoCodecString({ codec: 'hevc', configuration: stream.extradata });
  assert.equal(fromMp4, 'hvc1.2.4.L60.90');
  const raw = streamOf(readClip(makeClip(join(directory.path, 'hevc.ts'), `-i ${mp4} -c copy`)), 'video').extradata;
  assert.equal(
    videoCodecString({ codec: 'hevc', configuration: buildHevcConfiguration(parseHevcConfiguration(raw)) }),
    fromMp4,
  );
  const main = Buffer.from('01016000000090000000000078f000fcfdf8f800000f00', 'hex');
  assert.equal(videoCodecString({ codec: 'hevc', configuration: main }), 'hvc1.1.6.L120.90');
  const high = Buffer.from('01622000000000000000000099f000fcfdfafa00000f00', 'hex');
  assert.equal(videoCodecString({ codec: 'hevc', configuration: high }), 'hvc1.A2.4.H153');
});

test('audio is named as libav names it', () => {
  for (const [codec, options] of [
    ['aac', '-c:a aac'],
    ['ac3', '-c:a ac3'],
    ['eac3', '-c:a eac3'],
    ['opus', '-c:a libopus'],
    ['flac', '-c:a flac -strict -2'],
  ] as const) {
    const stream = streamOf(readClip(makeClip(join(directory.path, `${codec}.mp4`), `${SOUND} ${options}`)), 'audio');
    assert.equal(
      audioCodecString({ codec, configuration: stream.extradata, sampleRate: 44100 }),
      stream.codecString,
      codec,
    );
  }
});

test('MP3 is named by the object type in its esds', () => {
  const name = (sampleRate: number): string | undefined =>
    audioCodecString({ codec: 'mp3', configuration: Buffer.alloc(0), sampleRate });
  assert.equal(name(44100), 'mp4a.6B');
  assert.equal(name(22050), 'mp4a.69');
});

test('HE-AAC is named by what it signals, in either way', () => {
  const name = (hex: string): string | undefined =>
    audioCodecString({ codec: 'aac', configuration: Buffer.from(hex, 'hex'), sampleRate: 48000 });
  assert.equal(name('1210'), 'mp4a.40.2');
  assert.equal(name('2b098800'), 'mp4a.40.5'); // explicit, 24 kHz core
  assert.equal(name('131056e598'), 'mp4a.40.5'); // backward compatible
  assert.equal(name('eb098800'), 'mp4a.40.29');
});

test('a codec without a name, or a record that is not there, has none', () => {
  const configuration = Buffer.alloc(0);
  for (const codec of ['h264', 'hevc', 'vp9', 'av1', 'mpeg4', 'vc1'])
    assert.equal(videoCodecString({ codec, configuration }), undefined);
  for (const codec of ['aac', 'dts', 'truehd'])
    assert.equal(audioCodecString({ codec, configuration, sampleRate: 48000 }), undefined);
});
