// Coded samples on the presentation's timeline: what copying and encoding produce, and what the packagers write.

export interface Sample {
  /** Video: NAL units with 4-byte lengths (H.264, HEVC) or the codec's own frame; audio: one raw frame (AAC without ADTS). */
  data: Uint8Array;
  /** Presentation time in ticks of the run's timescale, from the start of the presentation. */
  pts: number;
  isSync: boolean;
}

/** Samples in decode order that fill `[start, end)` of the timeline without gap. */
export interface SampleRun {
  timescale: number;
  start: number;
  end: number;
  samples: Sample[];
}
