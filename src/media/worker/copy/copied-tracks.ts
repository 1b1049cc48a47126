// Collects all copied tracks of a segment in one pass over the source: seeks the demuxer, then reads until every collector is done.
import { AppError } from '../../../base/app-error.ts';
import { toDemuxer } from '../../model/media-clock.ts';
import type { CopiedAudioCollector } from './copied-audio.ts';
import type { CopiedVideoCollector } from './copied-video.ts';
import type { Demuxer } from '../libav/demux/demuxer.ts';
import { seekStreamOf } from '../libav/demux/seek-stream.ts';
import type { Origin } from '../../model/rendition-track.ts';

export interface Collectors {
  video: CopiedVideoCollector | undefined;
  audio: CopiedAudioCollector | undefined;
  /** Where the segment begins, seconds of the presentation. */
  startSeconds: number;
  /** Whether to read from the first byte, where the demuxer is: in Matroska, a seek cannot reach audio before the first frame of the video. */
  isAtBeginning: boolean;
}

/** Seconds before the segment to seek to, tried in turn: MPEG-TS and other containers without an index seek by decode time, or inexactly. */
const EARLIER_SECONDS = { indexed: [0, 2, 15, 60], scanned: [1.5, 6, 20, 90] } as const;

/**
 * Fills the collectors; seeks to an earlier position when the demuxer began too late. Returns whether audio before the reach of all seeks may be
 * missing: a read from the first byte finds it.
 * @throws AppError MEDIA_FAILED when neither the segment's keyframe nor an earlier one is found
 */
export async function collect(
  demuxer: Demuxer,
  collectors: Collectors,
  target: { origin: Origin; signal: AbortSignal },
): Promise<boolean> {
  const { video, audio } = collectors;
  demuxer.keepOnly([video, audio].flatMap((collector) => (collector ? [collector.streamIndex] : [])));
  if (collectors.isAtBeginning) {
    audio?.startOver();
    await pump(demuxer, collectors, target.signal);
    assertBegun(video);
    return false;
  }
  let isAtEarliest = false;
  for (const earlier of EARLIER_SECONDS[demuxer.isIndexed ? 'indexed' : 'scanned']) {
    await seekTo(demuxer, collectors, { seconds: collectors.startSeconds - earlier, origin: target.origin });
    audio?.startOver();
    const isComplete = await pump(demuxer, collectors, target.signal);
    if (isComplete && !video?.isEmpty && !audio?.mayHaveMissedFrames) return false;
    isAtEarliest = collectors.startSeconds - earlier <= 0;
    if (isAtEarliest) break;
  }
  if (!video && audio?.cameTooLate) await collectByItself(demuxer, audio, { ...target, ...collectors });
  assertBegun(video);
  // No packet behind the earliest seek: a track that ended, or one that ends before the first frame of the video.
  return audio !== undefined && (audio.cameTooLate || (isAtEarliest && audio.mayHaveMissedFrames));
}

function assertBegun(video: CopiedVideoCollector | undefined): void {
  if (video?.isEmpty)
    throw new AppError('MEDIA_FAILED', 'The video is damaged here: there is no picture this part could begin with');
}

/** Seeks by the audio's own packets, after the index of the video led to none before the segment. */
async function collectByItself(
  demuxer: Demuxer,
  audio: CopiedAudioCollector,
  { startSeconds, origin, signal }: { startSeconds: number; origin: Origin; signal: AbortSignal },
): Promise<void> {
  const { timeBase } = demuxer.stream(audio.streamIndex);
  await demuxer.seek(audio.streamIndex, toDemuxer(startSeconds, timeBase, origin));
  audio.startOver();
  await pump(demuxer, { video: undefined, audio, startSeconds, isAtBeginning: false }, signal);
}

async function seekTo(
  demuxer: Demuxer,
  collectors: Collectors,
  target: { seconds: number; origin: Origin },
): Promise<void> {
  const streamIndex = seekStreamOf(demuxer, collectors);
  const { timeBase } = demuxer.stream(streamIndex);
  // Seeks half a millisecond later, so that a rounded timestamp still finds its keyframe.
  if (await demuxer.seek(streamIndex, toDemuxer(target.seconds + 0.0005, timeBase, target.origin))) return;
  await demuxer.seek(streamIndex, toDemuxer(0, timeBase, target.origin));
}

/** Reads until every collector is done; false when the position is already too late for the video. */
async function pump(demuxer: Demuxer, { video, audio }: Collectors, signal: AbortSignal): Promise<boolean> {
  while (!(video?.isDone ?? true) || !(audio?.isDone ?? true)) {
    signal.throwIfAborted();
    const packet = await demuxer.read();
    if (!packet) {
      video?.finish();
      return true;
    }
    if (video && packet.streamIndex === video.streamIndex && !video.isDone) {
      if (video.accept(packet, demuxer) === 'too-late') return false;
    } else if (audio && packet.streamIndex === audio.streamIndex) {
      audio.accept(packet, demuxer);
    }
  }
  return true;
}
