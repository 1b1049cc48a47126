// Which tracks of a source make the presentation: the main video, and the audio and subtitles of the same programme.
import type { MediaDescription, SourceTracks } from '../model/description.ts';
import type { ContainerIndex } from '../index/container/container-index.ts';
import { chooseVideo } from '../index/container/video-choice.ts';

/** The description of the presentation. The index's choice of video comes first; without one, the worker's evidence decides. */
export function chooseTracks(tracks: SourceTracks, index: ContainerIndex | undefined): MediaDescription {
  const { videos, ...rest } = tracks;
  const indexed = videos.find(({ track }) => track.streamIndex === index?.video?.streamIndex);
  const video = (indexed ?? chooseVideo(videos))?.track;
  const programme = programmeOf(tracks, index?.programmes ?? [], video?.streamIndex);
  const isPlayed = ({ streamIndex }: { streamIndex: number }) => programme?.has(streamIndex) ?? true;
  return { ...rest, video, audio: rest.audio.filter(isPlayed), subtitles: rest.subtitles.filter(isPlayed) };
}

/** Numbers of the streams of one programme; undefined: all streams. Without video, the first programme with audio counts. */
function programmeOf(
  { audio, subtitles }: SourceTracks,
  programmes: readonly ReadonlySet<number>[],
  video: number | undefined,
): ReadonlySet<number> | undefined {
  if (programmes.length < 2) return undefined;
  const chosen = programmes.find((programme) =>
    video === undefined ? audio.some(({ streamIndex }) => programme.has(streamIndex)) : programme.has(video),
  );
  if (!chosen) return undefined;
  const ofNone = [...audio, ...subtitles]
    .map(({ streamIndex }) => streamIndex)
    .filter((number) => !programmes.some((programme) => programme.has(number)));
  return new Set([...chosen, ...ofNone]);
}
