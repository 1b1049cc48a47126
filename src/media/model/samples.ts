// Coded samples on the presentation's timeline: the output of copying and encoding, and the input of the packagers.

export interface Sample {
  /** Video: NAL units with 4-byte lengths (H.264, HEVC) or the codec's own frame; audio: one raw frame (AAC without ADTS). */
  data: Uint8Array;
  /** Presentation time in ticks of the run's timescale, from the start of the presentation. */
  pts: number;
  isSync: boolean;
}

/** Samples in decode order that fill `[start, end)` of the timeline without a gap. */
export interface SampleRun {
  timescale: number;
  start: number;
  end: number;
  samples: Sample[];
}

/** Samples in one AAC frame (ISO/IEC 14496-3, without the short frames of 960). */
export const AAC_FRAME_SAMPLES = 1024;

const MIN_TIMESCALE = 10_000;

/** Ticks per second of a track's segments: a multiple with ticks much shorter than a frame, so that decode times fit between frames. */
export function fineTimescale(ticksPerSecond: number): number {
  return ticksPerSecond * Math.ceil(MIN_TIMESCALE / ticksPerSecond);
}

/** The same run in ticks of `fineTimescale`. */
export function withFineTicks(run: SampleRun): SampleRun {
  const timescale = fineTimescale(run.timescale);
  const factor = timescale / run.timescale;
  if (factor === 1) return run;
  const samples = run.samples.map((sample) => ({ ...sample, pts: sample.pts * factor }));
  return { timescale, start: run.start * factor, end: run.end * factor, samples };
}
