// Chooses the audio track that plays until the viewer selects one: DEFAULT=YES in the multivariant playlist.
import { languageTag } from '../hls/language-tag.ts';
import type { AudioRole } from '../media/model/audio-role.ts';

interface Track {
  language: string;
  isDefault: boolean;
  role: AudioRole;
  /** Why the track plays as silence; undefined when it is decoded or copied. */
  reason: string | undefined;
}

/**
 * Ordinal of the first English track, else of the container's default, else of the first track. The candidates are the audible tracks (all
 * tracks when none is audible), and among these the tracks with the role `main`, when there are any.
 */
export function defaultAudioIndex(tracks: Track[]): number {
  const audible = tracks.filter(({ reason }) => reason === undefined);
  const playable = audible.length > 0 ? audible : tracks;
  const main = playable.filter(({ role }) => role === 'main');
  const candidates = main.length > 0 ? main : playable;
  const english = candidates.find(({ language }) => languageTag(language)?.split('-')[0] === 'en');
  const [first] = candidates;
  const chosen = english ?? candidates.find(({ isDefault }) => isDefault) ?? first;
  return chosen === undefined ? 0 : tracks.indexOf(chosen);
}
