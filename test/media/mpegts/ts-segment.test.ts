import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseAvcConfiguration } from '../../../src/media/bitstream/avc-configuration.ts';
import { reorderDepth } from '../../../src/media/mpegts/decode-times.ts';
import { tsSegment, type TsSegmentOptions } from '../../../src/media/mpegts/ts-segment.ts';
import type { SampleRun } from '../../../src/media/model/samples.ts';
import {
  clipDirectory,
  decodedFrames,
  makeClip,
  probedPackets,
  readClip,
  streamOf,
} from '../../support/workers/real-packets.ts';
import { audioRuns, shuffled, videoRuns } from '../../support/judges/runs.ts';

const directory = clipDirectory();
after(() => directory[Symbol.dispose]());

const clip = makeClip(
  join(directory.path, 'clip.mp4'),
  '-f lavfi -i testsrc2=s=320x180:r=24000/1001:d=9 -f lavfi -i sine=b=2:d=9 -c:v libx264 -preset fast -bf 3 -b_strategy 0 -x264-params b-pyramid=normal:open-gop=0 ' +
    '-force_key_frames 0,0.8,2.3,5,7 -g 250 -pix_fmt yuv420p -c:a aac -b:a 64k -ar 48000',
);
const streams = readClip(clip);
const video = streamOf(streams, 'video');
const audio = streamOf(streams, 'audio');
const frameTicks = (video.timescale * 1001) / 24000;
const { boundaries, video: pictures } = videoRuns(video, frameTicks);
const sounds = audioRuns(audio, video, boundaries);
const depth = reorderDepth(video.samples.map((sample) => sample.pts));
const { sps, pps } = parseAvcConfiguration(video.extradata);

function segment(number: number, parts: { video: boolean; audio: boolean } = { video: true, audio: true }): Buffer {
  const options: TsSegmentOptions = { isFirst: number === 0 };
  const reorderTicks = Math.ceil((depth * 90000 * 1001) / 24000);
  if (parts.video)
    options.video = { codec: 'h264', run: run(pictures, number), parameterSets: [...sps, ...pps], reorderTicks };
  if (parts.audio) options.audio = { run: run(sounds, number), configuration: audio.extradata };
  return tsSegment(options);
}

function run(runs: SampleRun[], number: number): SampleRun {
  const found = runs[number];
  assert.ok(found);
  return found;
}

function written(name: string, segments: Buffer[]): string {
  const path = join(directory.path, name);
  writeFileSync(path, Buffer.concat(segments));
  return path;
}

function allSegments(parts?: { video: boolean; audio: boolean }): Buffer[] {
  const segments: Buffer[] = [];
  for (const number of shuffled(pictures.length)) segments[number] = segment(number, parts);
  return segments;
}

/** PID, counter, whether there is payload, of each packet. */
function transportPackets(bytes: Buffer): { pid: number; counter: number; hasPayload: boolean; startsUnit: boolean }[] {
  assert.equal(bytes.length % 188, 0);
  return Array.from({ length: bytes.length / 188 }, (_, index) => {
    const at = index * 188;
    assert.equal(bytes[at], 0x47);
    const word = bytes.readUInt32BE(at);
    return {
      pid: (word >> 8) & 0x1fff,
      counter: word & 0xf,
      hasPayload: (word & 0x10) !== 0,
      startsUnit: (word & 0x400000) !== 0,
    };
  });
}

/** program_clock_reference_base of the video PID. */
function programClocks(bytes: Buffer): number[] {
  const clocks: number[] = [];
  for (let at = 0; at < bytes.length; at += 188) {
    const hasClock =
      bytes.readUInt16BE(at + 1) % 0x2000 === 0x100 &&
      ((bytes[at + 3] ?? 0) & 0x20) !== 0 &&
      (bytes[at + 4] ?? 0) > 0 &&
      ((bytes[at + 5] ?? 0) & 0x10) !== 0;
    if (hasClock) clocks.push(bytes.readUInt32BE(at + 6) * 2 + ((bytes[at + 10] ?? 0) >> 7));
  }
  return clocks;
}

test('the clip has what makes this hard: several segments and reordered frames', () => {
  assert.equal(pictures.length, 5);
  assert.equal(depth, 2);
});

test('segments made in any order join without a word from ffmpeg, with every frame of the source', () => {
  const path = written('joined.ts', allSegments());
  for (const selector of ['v', 'a'] as const) {
    const judged = decodedFrames(path, selector);
    assert.equal(judged.messages, '');
    const source = decodedFrames(clip, selector);
    if (selector === 'v') assert.deepEqual(judged.hashes, source.hashes);
    else
      assert.ok(
        judged.hashes.length >= source.hashes.length - 2,
        `${judged.hashes.length} of ${source.hashes.length} audio frames`,
      );
  }
});

test('presentation times step exactly across the joins', () => {
  const path = written('steps.ts', allSegments());
  const shown = probedPackets(path, 'v')
    .map((packet) => packet.pts)
    .sort((a, b) => a - b);
  const expected = video.samples
    .map((sample) => sample.pts)
    .sort((a, b) => a - b)
    .map((_, index) => 900000 + Math.round((index * 90000 * 1001) / 24000));
  assert.deepEqual(shown, expected);
  const heard = probedPackets(path, 'a').map((packet) => packet.pts);
  assert.equal(
    heard.length,
    sounds.reduce((sum, { samples }) => sum + samples.length, 0),
  );
  assert.ok(heard.every((pts, index) => pts === (heard[0] ?? 0) + index * 1920));
});

test('decode times rise across the joins and stay at or before the presentation times', () => {
  const packets = probedPackets(written('decode.ts', allSegments()), 'v');
  assert.equal(packets.length, video.samples.length);
  for (const [index, packet] of packets.entries()) {
    assert.ok(packet.dts <= packet.pts);
    assert.ok(index === 0 || packet.dts > (packets[index - 1]?.dts ?? 0), `packet ${index}`);
  }
  assert.equal(packets[0]?.dts, packets[0]?.pts);
});

test('continuity counters start at 0 and end at 15 in every segment, for every PID', () => {
  for (const parts of [
    { video: true, audio: true },
    { video: false, audio: true },
    { video: true, audio: false },
  ]) {
    for (let number = 0; number < pictures.length; number++) {
      const next = new Map<number, number>();
      for (const packet of transportPackets(segment(number, parts))) {
        assert.ok(packet.hasPayload);
        assert.equal(packet.counter, (next.get(packet.pid) ?? 0) % 16);
        next.set(packet.pid, packet.counter + 1);
      }
      assert.equal(next.size, 2 + Number(parts.video) + Number(parts.audio));
      for (const [pid, counter] of next) assert.equal(counter, 16, `PID ${pid}`);
    }
  }
});

test('audio comes before the video frame that is decoded at or after it, and every picture carries a clock 100 ms ahead of its decode time', () => {
  const path = written('order.ts', allSegments());
  const text = execFileSync(
    'ffprobe',
    ['-v', 'error', '-show_entries', 'packet=codec_type,pts,dts', '-of', 'csv=p=0', path],
    { encoding: 'utf8' },
  );
  const packets = text.split('\n').map((line) => line.split(','));
  assert.ok(packets.length > 400);
  let heard = 0;
  for (const [type, pts, dts] of packets) {
    if (type === 'audio') heard = Number(pts);
    else if (Number(dts) > 900000 + 1920)
      assert.ok(heard > Number(dts) - 1920, `audio at ${heard}, decoding at ${dts}`);
  }
  const clocks = pictures.flatMap((_, number) => programClocks(segment(number)));
  const decoded = probedPackets(path, 'v').map(({ dts }) => dts);
  assert.deepEqual(
    clocks,
    decoded.map((dts) => dts - 9000),
  );
});

test('a segment begins with PAT and PMT, and equal input gives equal bytes', () => {
  const first = segment(2);
  assert.deepEqual(
    transportPackets(first)
      .slice(0, 3)
      .map((packet) => packet.pid),
    [0, 0x1000, 0x100],
  );
  assert.ok(first.equals(segment(2)));
});

test('every segment decodes alone', () => {
  for (const [number, { samples }] of pictures.entries()) {
    const judged = decodedFrames(written('alone.ts', [segment(number)]), 'v');
    assert.equal(judged.messages, '');
    assert.equal(judged.hashes.length, samples.length);
  }
});

test('audio alone and video alone join as well', () => {
  for (const selector of ['v', 'a'] as const) {
    const parts = { video: selector === 'v', audio: selector === 'a' };
    const path = written(`only-${selector}.ts`, allSegments(parts));
    assert.equal(decodedFrames(path, selector).messages, '');
    const runs = selector === 'v' ? pictures : sounds;
    assert.equal(
      probedPackets(path, selector).length,
      runs.reduce((sum, { samples }) => sum + samples.length, 0),
    );
  }
});

test('one tiny audio frame is enough to close the counters', () => {
  const configuration = audio.extradata;
  const tiny = {
    timescale: 48000,
    start: 0,
    end: 1024,
    samples: [{ data: Buffer.from([0x21, 0x10, 4, 0x60, 0x8c, 0x1c]), pts: 0, isSync: true }],
  };
  const packets = transportPackets(tsSegment({ audio: { run: tiny, configuration }, isFirst: true })).filter(
    ({ pid }) => pid === 0x101,
  );
  assert.equal(packets.length, 16);
  assert.equal(packets.filter(({ startsUnit }) => startsUnit).length, 1);
});

test('a run without samples gives tables only', () => {
  const empty = { timescale: 48000, start: 0, end: 1024, samples: [] };
  const packets = transportPackets(
    tsSegment({ audio: { run: empty, configuration: audio.extradata }, isFirst: false }),
  );
  assert.equal(packets.length, 32);
});

test('times beyond 2^33 wrap, and joins across the wrap stay clean', () => {
  const shift = 2 ** 33 - 900000 - 3 * 90000;
  const segments = pictures.map(({ samples }) =>
    tsSegment({
      isFirst: false,
      video: {
        codec: 'h264',
        run: {
          timescale: 90000,
          start: 0,
          end: 0,
          samples: samples.map((sample) => ({
            ...sample,
            pts: Math.round((sample.pts * 90000) / video.timescale) + shift,
          })),
        },
        parameterSets: [...sps, ...pps],
        reorderTicks: 7508,
      },
    }),
  );
  assert.equal(segments.length, pictures.length);
  const judged = decodedFrames(written('wrap.ts', segments), 'v');
  assert.equal(judged.messages, '');
  assert.deepEqual(judged.hashes, decodedFrames(clip, 'v').hashes);
});

test('a segment of nothing is a mistake of the caller', () => {
  assert.throws(() => tsSegment({ isFirst: true }), TypeError);
});
