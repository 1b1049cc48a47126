// The ends of a source's tracks: as measured, as the tables state, or as the container states.
import { AppError } from '../../base/app-error.ts';
import type { VideoTrack } from '../model/description.ts';
import { secondsOf } from '../model/presentation-span.ts';
import type { Origin } from '../model/rendition-track.ts';
import type { ScanResult } from '../worker/protocol/protocol.ts';
import { inputFor, type Findings } from './findings.ts';

/** In a source with subtitles, a stated end more than this after the end of the video is not trusted. */
const SUBTITLE_TAIL_SECONDS = 1;

/** Longer groups of pictures at the end of a video are rare. */
const MAX_GROUP_SECONDS = 15;

export function videoEnd(findings: Findings, video: VideoTrack, origin: Origin): number {
  const endTicks = findings.scan?.endTicks ?? findings.index?.video?.endTicks;
  const start = secondsOf(origin.ticks, origin.timeBase);
  const measured = endTicks === undefined ? 0 : secondsOf(endTicks, video.timeBase) - start;
  if (measured > 0) return measured;
  const end = containerEnd(findings, origin);
  if (end === undefined || end <= 0)
    throw new AppError('NOT_MEDIA', 'The source does not say how long it is, and it cannot be measured');
  return end;
}

/** The end of the last track: as measured, or as each audio track states, or as the container states unless the file is truncated. */
export function lastEnd(findings: Findings, origin: Origin): number {
  const { scan, index, description } = findings;
  const start = secondsOf(origin.ticks, origin.timeBase);
  if (scan) return scan.endSeconds - start;
  if (index?.video?.isCutShort) return 0;
  const ends = description.audio.flatMap(({ streamIndex, endTicks, timeBase }) => {
    const end = index?.ends?.get(streamIndex) ?? (endTicks === undefined ? undefined : secondsOf(endTicks, timeBase));
    return end === undefined ? [] : [end - start];
  });
  // Matroska states ends of the whole file only.
  const areOwn = index?.container === 'mp4' && ends.length === description.audio.length;
  return areOwn ? Math.max(0, ...ends) : (containerEnd(findings, origin) ?? 0);
}

/**
 * Matroska states one end for all tracks, which may be that of a stray subtitle. If it lies far behind the video, the packets after the last
 * keyframe are scanned.
 */
export async function scanTail(findings: Findings, signal: AbortSignal): Promise<ScanResult | undefined> {
  const { source, description, index, isRandomAccess } = findings;
  const { video, audio, subtitles } = description;
  // If bytes come only in order, a read at the end needs the whole download.
  if (!isRandomAccess) return undefined;
  const fromTicks = index?.video?.keyframes.at(-1);
  if (!video || !subtitles.length || index?.container !== 'matroska' || fromTicks === undefined) return undefined;
  const { endTicks } = index.video ?? {};
  const videoSeconds = secondsOf(endTicks ?? fromTicks, video.timeBase);
  const doubt = (index.durationSeconds ?? 0) - videoSeconds;
  if (doubt <= (endTicks === undefined ? MAX_GROUP_SECONDS : SUBTITLE_TAIL_SECONDS)) return undefined;
  return findings.run(
    {
      kind: 'scan',
      input: inputFor(source, description.container),
      streamIndex: video.streamIndex,
      otherStreams: audio.map(({ streamIndex }) => streamIndex),
      fromTicks,
    },
    signal,
  );
}

/** The stated duration counts from timestamp zero; if the last keyframe lies beyond it, it counts from the first frame. */
export function containerEnd({ index, description }: Findings, origin: Origin): number | undefined {
  const stated = index?.durationSeconds ?? description.durationSeconds;
  if (stated === undefined) return undefined;
  const start = secondsOf(origin.ticks, origin.timeBase);
  const { keyframes = [], timeBase = origin.timeBase } = index?.video ?? {};
  const last = keyframes.at(-1);
  const isRelative =
    !index || index.container === 'mpegts' || (last !== undefined && secondsOf(last, timeBase) > stated);
  return isRelative ? stated : stated - start;
}
