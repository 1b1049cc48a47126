// The expected presentation of a file as plain values: written by the script that made the file, or read back from a file or playlist.

export interface NumberedPicture {
  /** Time of the frame, from the start of the presentation. */
  seconds: number;
  /** Number in the frame counter; undefined when it is unreadable, as in a black frame. */
  number: number | undefined;
}

/** `[startSeconds, endSeconds)` of the presentation in which a stretch of a coded voice is heard. */
export interface VoiceStretch {
  startSeconds: number;
  endSeconds: number;
  /** Second of the voice at `startSeconds`; the voice continues from there. */
  voiceSeconds: number;
  /** Default 0. */
  voice?: number;
}

/** What a right presentation shows and plays. Outside of `sound` it is silent. */
export interface Truth {
  /** Duration of the presentation. */
  seconds: number;
  /** Duration of one frame, for tolerances. */
  frameSeconds: number;
  /** In order; each frame lasts until the next, the last until the end. Empty for audio alone. */
  pictures: readonly NumberedPicture[];
  sound: readonly VoiceStretch[];
}

export interface TruthRun {
  /** Start time. */
  seconds: number;
  firstNumber: number;
  count: number;
}

/** Frames at a constant rate, in runs of ascending numbers. */
export function picturesOf(runs: readonly TruthRun[], frameSeconds: number): NumberedPicture[] {
  return runs.flatMap(({ seconds, firstNumber, count }) =>
    Array.from({ length: count }, (_, index) => ({
      seconds: seconds + index * frameSeconds,
      number: firstNumber + index,
    })),
  );
}
