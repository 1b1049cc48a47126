import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ac3Configuration, eac3Configuration } from '../../../src/media/bitstream/ac3-configuration.ts';
import { vp9Configuration } from '../../../src/media/bitstream/vp9-configuration.ts';
import { initSegment, type InitSegmentOptions } from '../../../src/media/fmp4/init-segment.ts';
import { mediaSegment } from '../../../src/media/fmp4/media-segment.ts';
import type { SampleRun } from '../../../src/media/model/samples.ts';
import {
  clipDirectory,
  type ClipStream,
  decodedFrames,
  makeClip,
  probedPackets,
  probedStream,
  readClip,
  streamOf,
} from '../../support/workers/real-packets.ts';
import { shuffled, videoRuns } from '../../support/judges/runs.ts';

const directory = clipDirectory();
after(() => directory[Symbol.dispose]());

const PICTURE = '-f lavfi -i testsrc2=s=320x180:r=24000/1001:d=4';
const SOUND = '-f lavfi -i aevalsrc=sin(440*t*(1+t))|sin(660*t):s=48000:d=3';

const VIDEO = [
  {
    codec: 'h264',
    name: 'h264.mp4',
    options: '-c:v libx264 -bf 3 -force_key_frames 0,1.1,3 -x264-params b-pyramid=normal -pix_fmt yuv420p',
  },
  {
    codec: 'h264',
    name: 'h264-open-gop.mp4',
    options: '-c:v libx264 -x264-params open-gop=1:keyint=30:bframes=3:b-adapt=0:scenecut=0 -pix_fmt yuv420p',
  },
  {
    codec: 'hevc',
    name: 'hevc.mp4',
    options:
      '-c:v libx265 -pix_fmt yuv420p10le -tag:v hvc1 -x265-params keyint=30:min-keyint=20:open-gop=1:bframes=4:log-level=0:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc -preset ultrafast',
  },
  { codec: 'vp9', name: 'vp9.mp4', options: '-c:v libvpx-vp9 -g 40 -b:v 300k -deadline realtime -cpu-used 8' },
  {
    codec: 'av1',
    name: 'av1.mp4',
    options:
      '-c:v libaom-av1 -g 40 -b:v 300k -usage realtime -cpu-used 8 -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc',
  },
] as const;

const AUDIO = [
  { codec: 'aac', options: '-c:a aac' },
  { codec: 'ac3', options: '-c:a ac3' },
  { codec: 'eac3', options: '-c:a eac3' },
  { codec: 'opus', options: '-c:a libopus' },
  { codec: 'flac', options: '-c:a flac -strict -2' },
  { codec: 'mp3', options: '-c:a libmp3lame' },
] as const;

function configurationOf(codec: string, stream: ClipStream): Uint8Array {
  const first = stream.samples[0]?.data ?? Buffer.alloc(0);
  if (codec === 'vp9') return vp9Configuration({ frame: first, framesPerSecond: 24 });
  if (codec === 'ac3') return ac3Configuration(first);
  if (codec === 'eac3') return eac3Configuration(first);
  return stream.extradata;
}

function initOf(codec: string, stream: ClipStream): InitSegmentOptions {
  const configuration = configurationOf(codec, stream);
  if (stream.mediaType !== 0) {
    return {
      trackId: 1,
      timescale: stream.timescale,
      track: { kind: 'audio', codec, configuration, sampleRate: stream.sampleRate, channels: stream.channels },
    };
  }
  const { width, height } = stream;
  const color = { primaries: 9, transfer: 16, matrix: 9, fullRange: false };
  return {
    trackId: 1,
    timescale: stream.timescale,
    track: { kind: 'video', codec, configuration, width, height, sampleAspectRatio: { num: 4, den: 3 }, color },
  };
}

/** Init section and segments made in shuffled order, as one file. */
function packaged(name: string, init: InitSegmentOptions, runs: SampleRun[]): string {
  const segments: Buffer[] = [];
  for (const number of shuffled(runs.length)) {
    const run = runs[number];
    assert.ok(run);
    segments[number] = Buffer.concat(mediaSegment({ sequenceNumber: number + 1, trackId: 1, run }));
    assert.ok(segments[number]?.equals(Buffer.concat(mediaSegment({ sequenceNumber: number + 1, trackId: 1, run }))));
  }
  assert.ok(initSegment(init).equals(initSegment(init)));
  const path = join(directory.path, `out-${name}`);
  writeFileSync(path, Buffer.concat([initSegment(init), ...segments]));
  return path;
}

for (const { codec, name, options } of VIDEO) {
  test(`${name}: every frame of the source, at its time, and no word from ffmpeg`, () => {
    const clip = makeClip(join(directory.path, name), `${PICTURE} ${options}`);
    const stream = streamOf(readClip(clip), 'video');
    const { video: runs } = videoRuns(stream, (stream.timescale * 1001) / 24000);
    assert.ok(runs.length >= 3, `${runs.length} segments`);
    const path = packaged(name, initOf(codec, stream), runs);

    const [judged, source] = [decodedFrames(path, 'v'), decodedFrames(clip, 'v')];
    assert.equal(judged.messages, '');
    assert.deepEqual(judged.hashes, source.hashes);

    const packets = probedPackets(path, 'v');
    const [shown, wanted] = [packets.map(({ pts }) => pts), stream.samples.map(({ pts }) => pts)];
    const [zero, sourceZero] = [Math.min(...shown), Math.min(...wanted)];
    assert.deepEqual(
      shown.map((pts) => pts - zero),
      wanted.map((pts) => pts - sourceZero),
    );
    assert.deepEqual(
      packets.map(({ isSync }) => isSync),
      stream.samples.map(({ isSync }) => isSync),
    );
    assert.ok(packets.every(({ dts }, index) => index === 0 || dts > (packets[index - 1]?.dts ?? 0)));
  });

  test(`${name}: ffprobe reads size, pixel shape and colour from the init section alone`, () => {
    const stream = streamOf(readClip(join(directory.path, name)), 'video');
    const path = join(directory.path, `init-${name}`);
    writeFileSync(path, initSegment(initOf(codec, stream)));
    const fields = 'codec_name,width,height,sample_aspect_ratio,color_space,color_transfer,color_primaries';
    assert.deepEqual(probedStream(path, fields), {
      codec_name: codec,
      width: '320',
      height: '180',
      sample_aspect_ratio: '4:3',
      color_space: 'bt2020nc',
      color_transfer: 'smpte2084',
      color_primaries: 'bt2020',
    });
  });
}

for (const { codec, options } of AUDIO) {
  test(`${codec}: every frame of the source, and no word from ffmpeg`, () => {
    const clip = makeClip(join(directory.path, `${codec}.mp4`), `${SOUND} ${options}`);
    const stream = streamOf(readClip(clip), 'audio');
    const zero = stream.samples[0]?.pts ?? 0;
    const samples = stream.samples.map((sample) => ({ ...sample, pts: sample.pts - zero }));
    const frameTicks = samples[1]?.pts ?? 0;
    const runs: SampleRun[] = [];
    for (let first = 0; first < samples.length; first += 20) {
      const last = Math.min(first + 20, samples.length);
      runs.push({
        timescale: stream.timescale,
        start: first * frameTicks,
        end: last * frameTicks,
        samples: samples.slice(first, last),
      });
    }
    const path = packaged(`${codec}.mp4`, initOf(codec, stream), runs);

    const copied = streamOf(readClip(path), 'audio');
    assert.equal(copied.sampleRate, 48000);
    assert.equal(copied.channels, 2);
    assert.deepEqual(copied.samples, samples);
    assert.equal(copied.codecString, stream.codecString);
    const [judged, source] = [decodedFrames(path, 'a'), decodedFrames(clip, 'a', ['-ignore_editlist', '1'])];
    assert.equal(judged.messages, '');
    assert.deepEqual(judged.hashes.slice(0, -1), source.hashes.slice(0, -1));
  });
}
