// Where decoded frames go: on without a gap while rounding explains their timestamps, elsewhere when it does not.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  type DecodedAudio,
  type AudioClock,
  type AudioRun,
  audioRuns,
} from '../../../src/media/worker/libav/audio/audio-placement.ts';

const MATROSKA: AudioClock = { tickSeconds: 0.001, phaseSeconds: 0, stepSamples: undefined };
const VORBIS: AudioClock = { ...MATROSKA, stepSamples: 64 };

/** Frames of the lengths given, one after the other from `start`, with timestamps of whole milliseconds. */
function rounded(lengths: readonly number[], start = 0, sampleRate = 48_000): DecodedAudio[] {
  let at = start;
  return lengths.map((samples) => {
    const stated = (Math.round((at / sampleRate) * 1000) / 1000) * sampleRate;
    at += samples;
    return { stated, samples, sampleRate };
  });
}

function repeated(lengths: readonly number[], times: number): number[] {
  return Array.from({ length: times }, () => lengths).flat();
}

function starts(runs: readonly AudioRun[]): [number, number][] {
  return runs.map(({ first, start }) => [first, start]);
}

suite('placing decoded sound', () => {
  test('rounded timestamps move no frame', () => {
    for (const [lengths, clock] of [
      [[1024], MATROSKA],
      [[1536], MATROSKA],
      [[576, 128, 128, 128, 576, 1024, 1024], VORBIS],
      [[120, 960, 480], { ...MATROSKA, stepSamples: 120 }],
      [[4096, 4096, 1000], MATROSKA],
    ] as const) {
      for (const rate of [48_000, 44_100, 32_000]) {
        assert.equal(
          audioRuns(rounded(repeated(lengths, 40), 0, rate), clock).length,
          1,
          `${lengths.join()} at ${rate} Hz`,
        );
      }
    }
  });

  test('any window of the same frames puts them in the same places', () => {
    const lengths = repeated([576, 128, 128, 576, 1024, 1024, 1024], 60);
    for (const rate of [48_000, 44_100, 22_050]) {
      const frames = rounded(lengths, 0, rate);
      for (let from = 0; from + 60 <= frames.length; from += 7) {
        const before = lengths.slice(0, from).reduce((sum, samples) => sum + samples, 0);
        assert.deepEqual(
          starts(audioRuns(frames.slice(from, from + 60), VORBIS)),
          [[0, before]],
          `from ${from} at ${rate} Hz`,
        );
      }
    }
  });

  test('a gap begins a run where the timestamps say', () => {
    const frames = [...rounded(repeated([1024], 20)), ...rounded(repeated([1024], 20), 48_000)];
    assert.deepEqual(starts(audioRuns(frames, MATROSKA)), [
      [0, 0],
      [20, 47_986 + 14],
    ]);
  });

  test('a step back begins a run too', () => {
    const frames = [...rounded(repeated([1152], 20)), ...rounded(repeated([1152], 20), 11_520)];
    assert.deepEqual(starts(audioRuns(frames, MATROSKA))[1], [20, 11_520]);
  });

  test('one timestamp that nothing else confirms moves nothing', () => {
    const frames = rounded(repeated([1024], 40));
    frames[17] = { samples: 1024, sampleRate: 48_000, stated: (frames[17]?.stated ?? 0) + 700 };
    assert.deepEqual(starts(audioRuns(frames, MATROSKA)), [[0, 0]]);
  });

  test('frames without timestamps follow those before them', () => {
    const frames = rounded(repeated([2048], 20), 96_000).map((frame, index) =>
      index % 4 === 0 ? frame : { ...frame, stated: undefined },
    );
    assert.deepEqual(starts(audioRuns(frames, MATROSKA)), [[0, 96_000]]);
  });

  test('the first frame of a decoder may have lost its beginning', () => {
    const [, second = assert.fail(), ...rest] = rounded(repeated([960], 30), 48_000);
    const cut = { samples: 648, sampleRate: 48_000, stated: 48_336 };
    const runs = audioRuns([cut, second, ...rest], { ...MATROSKA, stepSamples: 120 });
    assert.deepEqual(starts(runs), [[0, 48_312]]);
  });

  test('timestamps that wander by some milliseconds move no frame', () => {
    const frames = rounded(repeated([960], 100)).map((frame, index) => ({
      ...frame,
      stated: (frame.stated ?? 0) + ((index * 7919) % 11) * 48 - 240,
    }));
    const runs = audioRuns(frames, MATROSKA);
    assert.equal(runs.length, 1);
    assert.ok(Math.abs(runs[0]?.start ?? Infinity) <= 96, `${runs[0]?.start}`);
  });

  test('a clock that drifts is followed', () => {
    const frames = Array.from({ length: 2000 }, (_, index) => ({
      stated: index * 1024 * 1.0005,
      samples: 1024,
      sampleRate: 48_000,
    }));
    const runs = audioRuns(frames, { tickSeconds: 1 / 90_000, phaseSeconds: 0, stepSamples: undefined });
    const last = runs.at(-1) ?? assert.fail();
    const place = last.start + (frames.length - 1 - last.first) * 1024;
    assert.ok(Math.abs(place - (frames.at(-1)?.stated ?? 0)) < 48, `${place}`);
  });

  test('another sample rate begins a run', () => {
    const frames = [...rounded(repeated([1024], 10)), ...rounded(repeated([1024], 10), 9408, 44_100)];
    assert.deepEqual(
      starts(audioRuns(frames, MATROSKA)).map(([first]) => first),
      [0, 10],
    );
  });
});
