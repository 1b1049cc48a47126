// The stream by whose index the demuxer finds its way.
import type { Demuxer } from './demuxer.ts';

/** Matroska indexes video only; MP4 finds audio by itself, without walking through the video. */
export function seekStreamOf(
  demuxer: Demuxer,
  wish: {
    video?: { streamIndex: number } | undefined;
    audio?: { streamIndex: number; seekStream: number } | undefined;
  },
): number {
  if (wish.video) return wish.video.streamIndex;
  const { streamIndex = 0, seekStream = 0 } = wish.audio ?? {};
  return demuxer.container.startsWith('mov') ? streamIndex : seekStream;
}
