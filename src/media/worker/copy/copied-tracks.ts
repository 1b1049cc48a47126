// One pass over the source for everything a segment copies: the demuxer is sent to the right place and read until all have enough.
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
  /** The demuxer stands at the first byte, and is to be read from there: sound before the first picture cannot be sought in Matroska. */
  isAtBeginning: boolean;
}

/** Seconds to start earlier than the segment; MPEG-TS and others without an index land by decode time, or only near. */
const EARLIER_SECONDS = { indexed: [0, 2, 15, 60], scanned: [1.5, 6, 20, 90] } as const;

/**
 * Fills the collectors, going back to an earlier place when the demuxer came in too late.
 * @throws AppError MEDIA_FAILED when neither the segment's keyframe nor one before it is there
 */
export async function collect(
  demuxer: Demuxer,
  collectors: Collectors,
  target: { origin: Origin; signal: AbortSignal },
): Promise<void> {
  const { video, audio } = collectors;
  demuxer.keepOnly([video, audio].flatMap((collector) => (collector ? [collector.streamIndex] : [])));
  if (collectors.isAtBeginning) {
    audio?.startOver();
    await pump(demuxer, collectors, target.signal);
    return assertBegun(video);
  }
  for (const earlier of EARLIER_SECONDS[demuxer.isIndexed ? 'indexed' : 'scanned']) {
    await sendTo(demuxer, collectors, { seconds: collectors.startSeconds - earlier, origin: target.origin });
    audio?.startOver();
    const isComplete = await pump(demuxer, collectors, target.signal);
    if (isComplete && !video?.isEmpty && !audio?.mayHaveMissedFrames) return;
    if (collectors.startSeconds - earlier <= 0) break;
  }
  if (!video && audio?.cameTooLate) await collectByItself(demuxer, audio, { ...target, ...collectors });
  assertBegun(video);
}

function assertBegun(video: CopiedVideoCollector | undefined): void {
  if (video?.isEmpty)
    throw new AppError('MEDIA_FAILED', 'The video is damaged here: there is no picture this part could begin with');
}

/** By the sound's own packets: the index of the picture has led to none before the segment. */
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

async function sendTo(
  demuxer: Demuxer,
  collectors: Collectors,
  place: { seconds: number; origin: Origin },
): Promise<void> {
  const streamIndex = seekStreamOf(demuxer, collectors);
  const { timeBase } = demuxer.stream(streamIndex);
  // Half a millisecond later, so that a rounded timestamp still finds its keyframe.
  if (await demuxer.seek(streamIndex, toDemuxer(place.seconds + 0.0005, timeBase, place.origin))) return;
  await demuxer.seek(streamIndex, toDemuxer(0, timeBase, place.origin));
}

/** Reads until every collector is done; false when the video collector says that it is too late already. */
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
