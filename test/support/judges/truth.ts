// What a film shows when, as plain values: what the test's own script made, and what is read back from a file or a playlist.

export interface NumberedPicture {
  /** When the picture comes, from the start of the presentation. */
  seconds: number;
  /** What its counter says; undefined where none can be read, as in black. */
  number: number | undefined;
}

/** `[startSeconds, endSeconds)` of the presentation in which a stretch of a coded voice is heard. */
export interface VoiceStretch {
  startSeconds: number;
  endSeconds: number;
  /** The second of the voice that is heard at `startSeconds`; it goes on from there. */
  voiceSeconds: number;
  /** 0 when absent. */
  voice?: number;
}

/** What is right for a film. Outside of `sound` it is silent. */
export interface Truth {
  /** Length of the presentation. */
  seconds: number;
  /** Of one picture, for tolerances. */
  frameSeconds: number;
  /** In order; each stands until the next, the last to the end. Empty for sound alone. */
  pictures: readonly NumberedPicture[];
  sound: readonly VoiceStretch[];
}

export interface TruthRun {
  /** When it begins. */
  seconds: number;
  firstNumber: number;
  count: number;
}

/** Pictures at a constant rate, in runs of ascending numbers. */
export function picturesOf(runs: readonly TruthRun[], frameSeconds: number): NumberedPicture[] {
  return runs.flatMap(({ seconds, firstNumber, count }) =>
    Array.from({ length: count }, (_, index) => ({
      seconds: seconds + index * frameSeconds,
      number: firstNumber + index,
    })),
  );
}
