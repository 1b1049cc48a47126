// Which audio track plays when the viewer has not chosen one.
import { languageTag } from '../hls/language-tag.ts';

/** Ordinal of the first English track, else of the container's default, else 0. */
export function defaultAudioIndex(tracks: { language: string; isDefault: boolean }[]): number {
  const english = tracks.findIndex((track) => languageTag(track.language)?.split('-')[0] === 'en');
  if (english >= 0) return english;
  return Math.max(
    0,
    tracks.findIndex((track) => track.isDefault),
  );
}
