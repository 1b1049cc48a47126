// The plan of a clip: its frames of the video, its samples of the audio, and the pieces that it is encoded in.
import { AppError } from '../../base/app-error.ts';
import { CLIP } from '../plan/capabilities.ts';
import { planDelivery } from '../plan/delivery-plan.ts';
import type { MediaFacts } from '../model/facts.ts';
import { segmentCount } from '../model/timeline.ts';
import type { EncodedAudio, EncodedVideo } from '../model/rendition-track.ts';
import { AAC_FRAME_SAMPLES } from '../model/samples.ts';

/** `[start, end)` on the presentation's timeline. */
export interface ClipSpan {
  startSeconds: number;
  endSeconds: number;
}

/** `[start, end)` in frame numbers for video, in samples for audio. */
export interface UnitSpan {
  start: number;
  end: number;
}

export interface ClipPiece {
  /** Undefined: no video. */
  video: UnitSpan | undefined;
  /** Whole AAC frames. Undefined: no audio. */
  audio: UnitSpan | undefined;
}

export interface ClipPlan {
  video: { track: EncodedVideo; frames: UnitSpan } | undefined;
  /** `samples`: the audible samples. The first piece begins one AAC frame earlier; the last one ends with a whole frame. */
  audio: { track: EncodedAudio; samples: UnitSpan } | undefined;
  pieces: ClipPiece[];
}

/** Length of a piece. Each begins with a keyframe; a lost worker costs one piece. */
const PIECE_SECONDS = 4;

/** Times are often rounded to milliseconds: a frame that begins up to half a millisecond before the start is included. */
const ROUNDING_SECONDS = 0.0005;

/** Checks a span without a source. @throws AppError BAD_REQUEST */
export function checkSpan({ startSeconds, endSeconds }: ClipSpan): void {
  if (!(startSeconds >= 0)) throw new AppError('BAD_REQUEST', 'The field "start" must not be below 0');
  if (!(startSeconds < endSeconds)) throw new AppError('BAD_REQUEST', 'The field "end" must be greater than "start"');
}

/**
 * Plans the frames that begin within the span, and the audio from the start of the first to the end of the last frame.
 * An end beyond the source is the end of the source.
 * @throws AppError BAD_REQUEST when the span holds no media, or more than `maxSeconds`
 */
export function planClip(facts: MediaFacts, audioIndex: number, request: ClipSpan & { maxSeconds: number }): ClipPlan {
  checkSpan(request);
  const { startSeconds, maxSeconds } = request;
  const endSeconds = Math.min(request.endSeconds, facts.durationSeconds);
  if (startSeconds >= facts.durationSeconds)
    throw new AppError(
      'BAD_REQUEST',
      `The field "start" lies beyond the end, at ${facts.durationSeconds.toFixed(3)} s`,
    );
  if (endSeconds - startSeconds > maxSeconds)
    throw new AppError('BAD_REQUEST', `A clip of this source may not be longer than ${maxSeconds} s`);
  const { ladder, audio } = planDelivery(facts, CLIP);
  const [top] = ladder;
  const planned = audio[audioIndex]?.track;
  const audioTrack = planned?.kind === 'encoded' ? planned : undefined;
  if (!top) return audioOnlyPlan(audioTrack, { startSeconds, endSeconds });
  const { track } = top;
  const rate = track.frameRate.num / track.frameRate.den;
  const total = (top.timeline.boundaries[segmentCount(top.timeline)] ?? 0) / track.frameRate.den;
  const frameAt = (seconds: number) => Math.max(0, Math.ceil((seconds - ROUNDING_SECONDS) * rate));
  const frames = { start: frameAt(startSeconds), end: Math.min(total, frameAt(endSeconds)) };
  if (frames.end <= frames.start) throw new AppError('BAD_REQUEST', 'No picture begins between "start" and "end"');
  const secondsOf = (frame: number) => (frame * track.frameRate.den) / track.frameRate.num;
  const cuts = cutsOf(frames, Math.round(PIECE_SECONDS * rate));
  const samples = audioTrack && samplesOf(audioTrack, secondsOf(frames.start), secondsOf(frames.end));
  return {
    video: { track, frames },
    audio: audioTrack && samples && { track: audioTrack, samples },
    pieces: piecesOf(
      cuts,
      audioTrack && samples && { samples, at: (frame) => secondsOf(frame) * audioTrack.sampleRate },
    ),
  };
}

function audioOnlyPlan(track: EncodedAudio | undefined, span: ClipSpan): ClipPlan {
  if (!track) throw new AppError('UNSUPPORTED_MEDIA', 'The source holds no picture and no sound that can be decoded');
  const samples = samplesOf(track, span.startSeconds, span.endSeconds);
  if (samples.end <= samples.start) throw new AppError('BAD_REQUEST', 'There is no sound between "start" and "end"');
  const cuts = cutsOf(samples, PIECE_SECONDS * track.sampleRate);
  const pieces = piecesOf(cuts, { samples, at: (sample) => sample }).map(({ audio }) => ({ video: undefined, audio }));
  return { video: undefined, audio: { track, samples }, pieces };
}

function samplesOf({ sampleRate }: EncodedAudio, startSeconds: number, endSeconds: number): UnitSpan {
  return { start: Math.round(startSeconds * sampleRate), end: Math.round(endSeconds * sampleRate) };
}

function cutsOf({ start, end }: UnitSpan, step: number): number[] {
  const cuts: number[] = [];
  for (let at = start; at < end; at += step) cuts.push(at);
  return [...cuts, end];
}

interface AudioOfPieces {
  samples: UnitSpan;
  /** The sample at a cut. */
  at: (cut: number) => number;
}

/** Each AAC frame belongs to the piece in which it begins; the frame before the first sample belongs to the first piece. */
function piecesOf(cuts: number[], audio: AudioOfPieces | undefined): ClipPiece[] {
  const { start = 0, end = 0 } = audio?.samples ?? {};
  const frameAfter = (sample: number) => start + Math.ceil((sample - start) / AAC_FRAME_SAMPLES) * AAC_FRAME_SAMPLES;
  return cuts.slice(0, -1).map((from, i) => {
    const to = cuts[i + 1] ?? from;
    const isLast = i === cuts.length - 2;
    const span = audio && {
      start: i === 0 ? start - AAC_FRAME_SAMPLES : frameAfter(audio.at(from)),
      end: isLast ? frameAfter(end) : frameAfter(audio.at(to)),
    };
    return { video: { start: from, end: to }, audio: span };
  });
}
