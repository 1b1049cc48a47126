// Compares what a browser displayed and played with what it should have.
import type { Beep } from './beeps.ts';
import { pitchOf } from '../clips/coded-sound.ts';
import type { Truth } from './truth.ts';

/** Browsers round media times. */
const ROUNDING_SECONDS = 0.002;
/** How far hls.js may shift audio, plus the accuracy of a beep's start. */
const BEEP_SECONDS = 0.06;
/** Pitches are counted over 30 ms, with noise: too short to tell neighbouring seconds apart. The test looks for each beep at its time, so that is enough. */
const BEEP_HERTZ = 60;

export interface PictureSeen {
  /** Media time of the frame; null when unknown. */
  mediaTime: number | null;
  number: number | null;
}

/** One sentence for each frame that is not due at its time, with a tolerance of `frames`. */
export function wrongPictures(truth: Truth, seen: readonly PictureSeen[], frames = 1): string[] {
  return seen.flatMap(({ mediaTime, number }) => {
    const seconds = mediaTime ?? Number.NaN;
    const due = numbersDue(truth, seconds, frames);
    if (number !== null && due.includes(number)) return [];
    // Before a late first frame, the display may be black.
    if (number === null && seconds < (truth.pictures[0]?.seconds ?? 0)) return [];
    return [`At ${seconds.toFixed(3)} s picture ${number ?? 'unreadable'} is shown instead of ${due.join(' or ')}`];
  });
}

function numbersDue(truth: Truth, seconds: number, frames: number): number[] {
  const slack = frames * truth.frameSeconds + ROUNDING_SECONDS;
  const due = truth.pictures.filter((picture, index) => {
    const start = index === 0 ? 0 : picture.seconds;
    const end = truth.pictures[index + 1]?.seconds ?? truth.seconds;
    return start - slack <= seconds && seconds < end + slack;
  });
  return due.flatMap(({ number }) => number ?? []);
}

/** One sentence for each missing beep. The audio of the source may be late itself. */
export function wrongBeeps(truth: Truth, beeps: readonly Beep[], sourceLagSeconds = 0): string[] {
  const sentences: string[] = [];
  for (const { startSeconds, endSeconds, voiceSeconds, voice = 0 } of truth.sound) {
    const first = Math.ceil(voiceSeconds + 0.1);
    for (let second = first; second < voiceSeconds + endSeconds - startSeconds - 0.15; second += 1) {
      const at = startSeconds + second - voiceSeconds + sourceLagSeconds;
      const near = beeps.filter(({ seconds }) => Math.abs(seconds - at) <= BEEP_SECONDS);
      const hertz = pitchOf(voice, second);
      if (near.some((beep) => Math.abs(beep.hertz - hertz) <= BEEP_HERTZ)) continue;
      const heard = near.map((beep) => `${beep.hertz} Hz`).join(', ') || 'nothing';
      sentences.push(`At ${at.toFixed(2)} s ${heard} is heard instead of ${hertz} Hz`);
    }
  }
  return sentences;
}
