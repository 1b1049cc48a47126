// Compares the decoded audio with the expected audio; one sentence for each deviation.
import { median, milliseconds } from './compare-pictures.ts';
import { WINDOW_SECONDS, type HeardWindow } from './heard-voice.ts';
import type { Truth, VoiceStretch } from './truth.ts';

export interface SoundVerdict {
  sentences: string[];
  /** Median delay of the audio that is in its place. */
  lagSeconds: number;
  /** Whether any audio was measured. */
  measured: boolean;
}

/** Joins and codecs blur a change by this much. */
const EDGE_SECONDS = 0.06;
/** An offset beyond this counts as another position in the voice. */
const PLACE_SECONDS = 0.12;
/** A window across a change contains half of each state. */
const FEW_WINDOWS = 1;

interface Judged {
  seconds: number;
  fault: string | undefined;
  lagSeconds: number | undefined;
}

export interface SoundOptions {
  /** Tolerance of the delay of a stretch against the others. */
  slackSeconds: number;
  /** `[start, end)` that is compared; the whole presentation when undefined. */
  range: readonly [number, number] | undefined;
}

export function compareSound(
  truth: Truth,
  heard: readonly HeardWindow[],
  { slackSeconds, range = [0, truth.seconds] }: SoundOptions,
): SoundVerdict {
  const judged = heard
    .filter(({ seconds }) => seconds >= range[0] && seconds + WINDOW_SECONDS <= range[1])
    .flatMap((window) => judgedWindow(truth, window));
  const lags = judged.flatMap(({ lagSeconds }) => lagSeconds ?? []);
  const lagSeconds = median(lags);
  const jumps = judged.map((each) => ({ ...each, fault: each.fault ?? jumpOf(each, lagSeconds, slackSeconds) }));
  return { sentences: [...missingEnd(truth, heard, range), ...runsOf(jumps)], lagSeconds, measured: lags.length > 0 };
}

function judgedWindow(truth: Truth, window: HeardWindow): Judged[] {
  const { seconds } = window;
  const end = seconds + WINDOW_SECONDS;
  const due = truth.sound.find((each) => isWithin(each, seconds, end));
  if (due === undefined) {
    const touches = truth.sound.some(
      (each) => each.startSeconds - EDGE_SECONDS < end && each.endSeconds + EDGE_SECONDS > seconds,
    );
    if (touches) return [];
    const fault = window.verdict === 'silent' ? undefined : `${toldOf(window)} is heard where the source is silent`;
    return [{ seconds, fault, lagSeconds: undefined }];
  }
  if (window.verdict === 'silent') return [{ seconds, fault: 'it is silent', lagSeconds: undefined }];
  if (window.verdict === 'unknown')
    return [{ seconds, fault: 'the sound is not of the source', lagSeconds: undefined }];
  const late = due.voiceSeconds + seconds - due.startSeconds - window.voiceSeconds;
  const isRight = window.voice === (due.voice ?? 0) && Math.abs(late) <= PLACE_SECONDS;
  if (isRight) return [{ seconds, fault: undefined, lagSeconds: late }];
  const voice = window.voice === (due.voice ?? 0) ? '' : ` of voice ${window.voice}`;
  return [{ seconds, fault: `sound${voice} is heard ${late.toFixed(2)} s late`, lagSeconds: undefined }];
}

/** Windows across an edge are not judged, because a join may blur them. */
function isWithin({ startSeconds, endSeconds }: VoiceStretch, start: number, end: number): boolean {
  return start >= startSeconds + EDGE_SECONDS && end <= endSeconds - EDGE_SECONDS;
}

function toldOf(window: HeardWindow): string {
  return window.verdict === 'voice' ? `second ${window.voiceSeconds.toFixed(1)} of voice ${window.voice}` : 'something';
}

function jumpOf({ lagSeconds }: Judged, usual: number, slackSeconds: number): string | undefined {
  if (lagSeconds === undefined || Math.abs(lagSeconds - usual) <= slackSeconds) return undefined;
  return `the sound is ${milliseconds(Math.round((lagSeconds - usual) * 500) / 500)} ms off its own step`;
}

/** Merges consecutive windows with the same fault into one sentence. */
function runsOf(windows: readonly Judged[]): string[] {
  const runs: { fault: string; from: number; to: number; count: number }[] = [];
  let last: string | undefined;
  for (const { fault, seconds } of windows) {
    const run = runs.at(-1);
    if (fault !== undefined && fault === last && run !== undefined) {
      run.to = seconds + WINDOW_SECONDS;
      run.count += 1;
    } else if (fault !== undefined) runs.push({ fault, from: seconds, to: seconds + WINDOW_SECONDS, count: 1 });
    last = fault;
  }
  return runs
    .filter(({ count }) => count > FEW_WINDOWS)
    .map(({ fault, from, to }) => `From ${from.toFixed(2)} to ${to.toFixed(2)} s ${fault}`);
}

/** Audio that ends early has no windows, so it does not count as silent. */
function missingEnd(truth: Truth, heard: readonly HeardWindow[], [from, to]: readonly [number, number]): string[] {
  const first = heard[0]?.seconds ?? Infinity;
  const last = (heard.at(-1)?.seconds ?? -Infinity) + WINDOW_SECONDS;
  const start = Math.min(...truth.sound.map(({ startSeconds }) => startSeconds));
  const end = Math.max(...truth.sound.map(({ endSeconds }) => endSeconds));
  const sentences: string[] = [];
  if (truth.sound.length === 0) return [];
  if (heard.length === 0) return ['There is no sound'];
  if (first > Math.max(start, from) + WINDOW_SECONDS) sentences.push(`The sound begins at ${first.toFixed(2)} s`);
  if (last < Math.min(end, to) - 2 * WINDOW_SECONDS) sentences.push(`The sound ends at ${last.toFixed(2)} s`);
  return sentences;
}
