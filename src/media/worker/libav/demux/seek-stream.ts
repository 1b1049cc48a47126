// The stream whose index a seek uses.
import type { Demuxer } from './demuxer.ts';

/** Matroska indexes video only; MP4 seeks by the audio itself, without reading through the video. */
export function seekStreamOf(
  demuxer: Demuxer,
  request: {
    video?: { streamIndex: number } | undefined;
    audio?: { streamIndex: number; seekStream: number } | undefined;
  },
): number {
  if (request.video) return request.video.streamIndex;
  const { streamIndex = 0, seekStream = 0 } = request.audio ?? {};
  return demuxer.container.startsWith('mov') ? streamIndex : seekStream;
}
