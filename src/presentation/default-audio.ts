// Which audio track plays when the viewer has not chosen one.
import { languageTag } from '../hls/language-tag.ts';
import type { AudioRole } from '../media/model/audio-role.ts';

interface Track {
  language: string;
  isDefault: boolean;
  role: AudioRole;
  /** Why it is silent. */
  reason: string | undefined;
}

/**
 * Ordinal of the first English track, else of the container's default, else the first; of those that are heard, where some are, and of these the
 * film's own sound, where there is any.
 */
export function defaultAudioIndex(tracks: Track[]): number {
  const heard = tracks.filter(({ reason }) => reason === undefined);
  const audible = heard.length > 0 ? heard : tracks;
  const main = audible.filter(({ role }) => role === 'main');
  const among = main.length > 0 ? main : audible;
  const english = among.find(({ language }) => languageTag(language)?.split('-')[0] === 'en');
  const [first] = among;
  const chosen = english ?? among.find(({ isDefault }) => isDefault) ?? first;
  return chosen === undefined ? 0 : tracks.indexOf(chosen);
}
