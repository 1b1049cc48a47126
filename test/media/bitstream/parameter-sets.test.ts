import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AppError } from '../../../src/base/app-error.ts';
import { buildAvcConfiguration, parseAvcConfiguration } from '../../../src/media/bitstream/avc-configuration.ts';
import { parseH264Sps } from '../../../src/media/bitstream/h264-sps.ts';
import { buildHevcConfiguration, parseHevcConfiguration } from '../../../src/media/bitstream/hevc-configuration.ts';
import { parseHevcSps } from '../../../src/media/bitstream/hevc-sps.ts';
import { clipDirectory, makeClip, probedStream, readClip, streamOf } from '../../support/workers/real-packets.ts';

const directory = clipDirectory();
after(() => directory[Symbol.dispose]());

const X264 = '-c:v libx264 -preset ultrafast';
const CLIPS = [
  { name: 'plain', codec: 'h264', options: `${X264} -pix_fmt yuv420p`, size: '320x180' },
  { name: 'reordered', codec: 'h264', options: '-c:v libx264 -bf 3 -pix_fmt yuv420p', size: '320x180' },
  {
    name: 'cropped',
    codec: 'h264',
    options: `${X264} -pix_fmt yuv420p -color_primaries bt709 -color_trc bt709 -colorspace bt709`,
    size: '426x238',
  },
  {
    name: 'interlaced',
    codec: 'h264',
    options: `${X264} -pix_fmt yuv420p -flags +ildct+ilme -x264-params tff=1 -aspect 16:9`,
    size: '720x576',
  },
  { name: 'baseline', codec: 'h264', options: `${X264} -pix_fmt yuv420p -profile:v baseline`, size: '176x144' },
  { name: 'ten-bit-422', codec: 'h264', options: `${X264} -pix_fmt yuv422p10le`, size: '320x180' },
  { name: 'full-444', codec: 'h264', options: `${X264} -pix_fmt yuv444p -color_range pc`, size: '322x182' },
  {
    name: 'hevc',
    codec: 'hevc',
    options: '-c:v libx265 -preset ultrafast -pix_fmt yuv420p -x265-params log-level=0',
    size: '322x182',
  },
  {
    name: 'hevc-hdr',
    codec: 'hevc',
    options:
      '-vf setsar=4/3 -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params log-level=0:bframes=4:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc',
    size: '320x180',
  },
  {
    name: 'hevc-422',
    codec: 'hevc',
    options:
      '-c:v libx265 -preset ultrafast -pix_fmt yuv422p12le -x265-params log-level=0:range=full:scaling-list=default',
    size: '320x180',
  },
] as const;

const NAMES: Record<string, number> = { bt709: 1, bt2020: 9, bt2020nc: 9, smpte2084: 16 };

const FIELDS =
  'width,height,pix_fmt,has_b_frames,sample_aspect_ratio,color_range,color_space,color_transfer,color_primaries';

for (const { name, codec, options, size } of CLIPS) {
  test(`${name}: the parameter set says what ffprobe says, from MP4 and from a byte stream`, () => {
    const path = makeClip(join(directory.path, `${name}.mp4`), `-f lavfi -i testsrc2=s=${size}:r=25:d=0.4 ${options}`);
    const stream = streamOf(readClip(path), 'video');
    const raw = makeClip(join(directory.path, `${name}.${codec}`), `-i ${path} -c copy`);
    const rawStream = streamOf(readClip(raw), 'video');
    const [record, bare] = [stream.extradata, rawStream.extradata];
    const sets = codec === 'h264' ? parseAvcConfiguration(record) : parseHevcConfiguration(record);
    const bareSets = codec === 'h264' ? parseAvcConfiguration(bare) : parseHevcConfiguration(bare);
    assert.deepEqual(bareSets.sps.map(Buffer.from), sets.sps.map(Buffer.from));
    assert.deepEqual(bareSets.pps.map(Buffer.from), sets.pps.map(Buffer.from));
    assert.equal(sets.lengthSize, 4);

    const unit = sets.sps[0];
    assert.ok(unit);
    const sps = codec === 'h264' ? parseH264Sps(unit) : parseHevcSps(unit);
    const probed = probedStream(path, FIELDS);
    assert.equal(`${sps.width}x${sps.height}`, size);
    assert.deepEqual([sps.width, sps.height].map(String), [probed['width'], probed['height']]);
    assert.equal(sps.bitDepthLuma, Number(/p(\d\d)le/.exec(probed['pix_fmt'] ?? '')?.[1] ?? 8));
    assert.equal(sps.chroma.replaceAll(':', ''), /4\d\d/.exec(probed['pix_fmt'] ?? '')?.[0]);
    assert.equal(`${sps.sampleAspectRatio.num}:${sps.sampleAspectRatio.den}`, probed['sample_aspect_ratio'] ?? '1:1');
    assert.equal(String(sps.maxReorder), probed['has_b_frames']);
    assert.deepEqual(sps.color, {
      primaries: NAMES[probed['color_primaries'] ?? ''] ?? 2,
      transfer: NAMES[probed['color_transfer'] ?? ''] ?? 2,
      matrix: NAMES[probed['color_space'] ?? ''] ?? 2,
      fullRange: probed['color_range'] === 'pc',
    });
    assert.equal(sps.interlaced, name === 'interlaced');
    assert.deepEqual(sps.frameRate, { num: 25, den: 1 });
  });
}

test('an avcC built from its sets is the one libavformat wrote', () => {
  for (const { name } of CLIPS.filter(({ codec }) => codec === 'h264')) {
    const record = streamOf(readClip(join(directory.path, `${name}.mp4`)), 'video').extradata;
    assert.equal(buildAvcConfiguration(parseAvcConfiguration(record)).toString('hex'), record.toString('hex'), name);
  }
});

test('an hvcC built from its sets agrees with the one libavformat wrote, but for what is optional', () => {
  for (const { name } of CLIPS.filter(({ codec }) => codec === 'hevc')) {
    const record = streamOf(readClip(join(directory.path, `${name}.mp4`)), 'video').extradata;
    const sets = parseHevcConfiguration(record);
    const built = buildHevcConfiguration(sets);
    assert.equal(built.toString('hex', 0, 19), record.toString('hex', 0, 19), name);
    assert.equal((built[21] ?? 0) & 0x3f, (record[21] ?? 0) & 0x3f, name);
    assert.deepEqual(parseHevcConfiguration(built), sets);
  }
});

test('records and sets of any bytes are refused or read, and never hang', () => {
  let seed = 1;
  const random = (): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31);
  const readers = [parseH264Sps, parseHevcSps, parseAvcConfiguration, parseHevcConfiguration];
  const headers = [[0x67], [0x42, 1], [1, 100, 0, 40, 0xff, 0xe1], [1]];
  const sound = CLIPS.map(({ name, codec }) => {
    const record = streamOf(readClip(join(directory.path, `${name}.mp4`)), 'video').extradata;
    return (
      (codec === 'h264' ? parseAvcConfiguration(record) : parseHevcConfiguration(record)).sps[0] ?? Buffer.alloc(0)
    );
  });
  const started = performance.now();
  for (let round = 0; round < 4000; round++) {
    for (const [index, read] of readers.entries()) {
      const damaged = Buffer.from(sound[random() % sound.length] ?? []);
      for (let hit = 0; hit < 3; hit++) damaged[random() % damaged.length] = random() & 0xff;
      const noise = Buffer.from([
        ...(headers[index] ?? []),
        ...Array.from({ length: random() % 64 }, () => random() >> 8),
      ]);
      for (const bytes of [noise, damaged, damaged.subarray(0, random() % damaged.length)]) {
        try {
          read(bytes);
        } catch (error) {
          assert.ok(error instanceof AppError && error.code === 'NOT_MEDIA', String(error));
        }
      }
    }
  }
  assert.ok(performance.now() - started < 20000);
});
