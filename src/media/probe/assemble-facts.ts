// Assembles the facts of a source from the findings: one timeline for all of its video and audio.
import { AppError } from '../../base/app-error.ts';
import type { Rational } from '../../base/rational.ts';
import type { ContainerIndex } from '../index/container/container-index.ts';
import type { BytePositions } from '../model/byte-positions.ts';
import type { AudioTrack, Chapter, MediaDescription, VideoTrack } from '../model/description.ts';
import type { MediaFacts } from '../model/facts.ts';
import { seenRate } from '../model/frame-rate.ts';
import { audioOrigin, presentationOrigin, secondsOf } from '../model/presentation-span.ts';
import type { Origin, Splices } from '../model/rendition-track.ts';
import { whyNothingPlays } from '../plan/delivery-plan.ts';
import type { ScanResult } from '../worker/protocol/protocol.ts';
import { inputFor, splicesOf, type Findings } from './findings.ts';
import { containerEnd, lastEnd, scanTail, videoEnd } from './track-ends.ts';
import { thinnedKeyframes } from './thinned-keyframes.ts';
import { verifyKeyframes } from './verify-keyframes.ts';

/** 100 hours: tables and playlists grow with the duration, and a damaged header may state any. */
const MAX_SECONDS = 360_000;

/** A little more than half a tick of a millisecond clock. */
const GRID_TOLERANCE_SECONDS = 0.001;

export async function assembleFacts(findings: Findings, signal: AbortSignal): Promise<MediaFacts> {
  const { index } = findings;
  const scan = findings.scan ?? (await scanTail(findings, signal));
  const splices = splicesOf(findings);
  const description = withoutContinuations(findings.description, splices);
  const chapters = index?.chapters ?? [];
  if (!description.video) return withoutVideo(description, chapters, findings);
  const video = { ...description.video, frameRate: seenRate(description.video, findings.scan?.stepTicks) };
  const keyframes = thinnedKeyframes(index?.video?.keyframes ?? scan?.keyframes ?? []);
  const startTicks = index?.video?.startTicks ?? findings.scan?.startTicks ?? keyframes[0] ?? video.startTicks;
  const audio = startsOfAudio(description, findings.scan);
  const origin = presentationOrigin({ ...video, ticks: startTicks }, audio.map(startSeconds));
  const videoSeconds = videoEnd({ ...findings, scan }, video, origin);
  const input = inputFor(findings.source, description.container, splices);
  const verdict = await verifyKeyframes({ ...findings, input, video, keyframes }, signal);
  const hasChanges = verdict.hasChanges || (index?.video?.hasChanges ?? scan?.hasChanges ?? false);
  return playable({
    description: { ...description, video, audio },
    chapters: shifted(chapters, origin),
    origin,
    durationSeconds: Math.max(videoSeconds, lastEnd({ ...findings, scan }, origin)),
    videoStartSeconds: secondsOf(startTicks, video.timeBase) - secondsOf(origin.ticks, origin.timeBase),
    videoSeconds,
    table: keyframes.length
      ? {
          keyframes,
          frameGrid: gridOf({ video, keyframes, index, origin }),
          positions: positionsOf({ index, scan: findings.scan, keyframes }),
          startsClean: verdict.areStarts,
          isEdited: index?.video?.isEdited ?? findings.scan?.hasHidden ?? false,
          hasChanges,
          hasUntimed: scan?.hasUntimed ?? false,
        }
      : undefined,
    splices,
  });
}

function withoutVideo(description: MediaDescription, chapters: Chapter[], findings: Findings): MediaFacts {
  const track = description.audio[0];
  if (!track) throw new AppError('NOT_MEDIA', 'The source holds no picture and no sound');
  const origin = audioOrigin(track, description.container);
  const scanned = findings.scan && secondsOf(findings.scan.endTicks - origin.ticks, track.timeBase);
  const durationSeconds = scanned ?? containerEnd(findings, origin) ?? 0;
  if (durationSeconds <= 0) throw new AppError('NOT_MEDIA', 'The source holds no sound that can be played');
  return playable({
    description,
    chapters: shifted(chapters, origin),
    origin,
    durationSeconds,
    videoStartSeconds: undefined,
    videoSeconds: undefined,
    table: undefined,
    splices: splicesOf(findings),
  });
}

/** Byte positions for all keyframes of the table; undefined when some are missing. */
function positionsOf({
  index,
  scan,
  keyframes,
}: Pick<Findings, 'index' | 'scan'> & { keyframes: number[] }): BytePositions | undefined {
  const ofScan = scan && { atKeyframes: scan.keyframeBytes, ofAllTracks: false };
  const positions = index?.video ? index.video.positions : ofScan;
  return positions?.atKeyframes.length === keyframes.length + 1 ? positions : undefined;
}

/** The description without tracks that only continue another track. */
function withoutContinuations(description: MediaDescription, splices: Splices | undefined): MediaDescription {
  const continued = new Set(splices?.continuations.map(([number]) => number));
  const isOwn = ({ streamIndex }: { streamIndex: number }) => !continued.has(streamIndex);
  return { ...description, audio: description.audio.filter(isOwn), subtitles: description.subtitles.filter(isOwn) };
}

/** The audio tracks with the start times of a scan: a late track begins far behind the first packets of a source. */
function startsOfAudio(description: MediaDescription, scan: ScanResult | undefined): AudioTrack[] {
  return description.audio.map((track) => ({
    ...track,
    startTicks: scan?.starts.get(track.streamIndex) ?? track.startTicks,
  }));
}

function startSeconds({ startTicks, heardTicks = startTicks, timeBase }: AudioTrack): number {
  return secondsOf(Math.max(startTicks, heardTicks), timeBase);
}

/** Asserts that at least one track can be played. @throws AppError UNSUPPORTED_MEDIA */
function playable(facts: MediaFacts): MediaFacts {
  if (!(facts.durationSeconds <= MAX_SECONDS))
    throw new AppError(
      'UNSUPPORTED_MEDIA',
      `The source says that it lasts ${Math.round(facts.durationSeconds / 3600)} hours`,
    );
  const why = whyNothingPlays(facts);
  if (why !== undefined) throw new AppError('UNSUPPORTED_MEDIA', why);
  return facts;
}

/** The frame grid. Matroska rounds to milliseconds: if every keyframe lies on the grid of the stated rate, that grid holds. */
function gridOf(given: {
  video: VideoTrack;
  keyframes: number[];
  index: ContainerIndex | undefined;
  origin: Origin;
}): Rational | undefined {
  const { video, keyframes, index, origin } = given;
  if (index?.video?.isExact) return undefined;
  const rate = index?.video?.frameRate ?? video.frameRate;
  const isOnGrid = keyframes.every((ticks) => {
    const time = secondsOf(ticks - origin.ticks, video.timeBase);
    return Math.abs((Math.round((time * rate.num) / rate.den) * rate.den) / rate.num - time) <= GRID_TOLERANCE_SECONDS;
  });
  return isOnGrid ? rate : undefined;
}

function shifted(chapters: Chapter[], origin: Origin): Chapter[] {
  const start = secondsOf(origin.ticks, origin.timeBase);
  return chapters.map((chapter) => ({
    ...chapter,
    startSeconds: Math.max(0, chapter.startSeconds - start),
    endSeconds: Math.max(0, chapter.endSeconds - start),
  }));
}
