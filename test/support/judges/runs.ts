// Cuts the packets of a clip at its keyframes into runs, on a timeline that starts at the first one: the simplest form of the segmenter.
import { rescale } from '../../../src/base/rational.ts';
import type { SampleRun } from '../../../src/media/model/samples.ts';
import type { ClipStream } from '../workers/real-packets.ts';

export interface Runs {
  /** Boundaries in ticks of the video, one more than runs. */
  boundaries: number[];
  video: SampleRun[];
}

/** One run per group of pictures, from keyframe to keyframe, also when leading pictures are shown before it; `frameTicks` is the length of the last frame. */
export function videoRuns(stream: ClipStream, frameTicks: number): Runs {
  const zero = Math.min(...stream.samples.map((sample) => sample.pts));
  const samples = stream.samples.map((sample) => ({ ...sample, pts: sample.pts - zero }));
  const groups: SampleRun[] = [];
  for (const sample of samples) {
    if (sample.isSync || groups.length === 0)
      groups.push({ timescale: stream.timescale, start: 0, end: 0, samples: [] });
    groups.at(-1)?.samples.push(sample);
  }
  const starts = groups.map((group) => group.samples[0]?.pts ?? 0);
  const boundaries = [...starts, Math.max(...samples.map((sample) => sample.pts)) + frameTicks];
  const video = groups.map((group, index) => ({
    ...group,
    start: boundaries[index] ?? 0,
    end: boundaries[index + 1] ?? 0,
  }));
  return { boundaries, video };
}

/** Audio frames by their start on the video's grid; frames before zero are dropped, and the last run keeps the rest. */
export function audioRuns(audio: ClipStream, video: ClipStream, boundaries: readonly number[]): SampleRun[] {
  const zero = rescale(
    Math.min(...video.samples.map((sample) => sample.pts)),
    { num: 1, den: video.timescale },
    audio.timescale,
  );
  const samples = audio.samples
    .map((sample) => ({ ...sample, pts: sample.pts - zero }))
    .filter((sample) => sample.pts >= 0);
  const edges = boundaries.map((edge) => rescale(edge, { num: 1, den: video.timescale }, audio.timescale));
  const tail = (samples.at(-1)?.pts ?? 0) + 1024;
  return edges.slice(0, -1).map((start, index) => {
    const isLast = index === edges.length - 2;
    const end = isLast ? tail : (edges[index + 1] ?? tail);
    return {
      timescale: audio.timescale,
      start,
      end,
      samples: samples.filter(({ pts }) => pts >= start && (isLast || pts < end)),
    };
  });
}

/** Numbers below `count` in a shuffled order, which is always the same. */
export function shuffled(count: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) => index);
  let seed = 7;
  for (let index = count - 1; index > 0; index--) {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    const other = seed % (index + 1);
    [numbers[index], numbers[other]] = [numbers[other] ?? 0, numbers[index] ?? 0];
  }
  return numbers;
}
