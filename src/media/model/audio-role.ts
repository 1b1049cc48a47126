// The role of an audio track: the main audio, or a variant such as a commentary. Files state the role by a flag, or only by a title.

/**
 * `description`: a voice describes the video. `commentary`: people talk about the film.
 * `effects`: music and effects without voices.
 */
export type AudioRole = 'main' | 'description' | 'commentary' | 'effects';

/** The flags of containers. */
export interface AudioFlags {
  isDescription: boolean;
  isCommentary: boolean;
  isEffects: boolean;
}

/** Whole words or word prefixes, in the languages that releases are named in. */
const DESCRIPTION =
  /(?<!\p{L})(?:audio[\s_-]*(?:descri|deskri|beschrijving|narra)|descriptive|described (?:video|audio)|descri[cç][aã]o de [aá]udio|video descri|visually impaired|vision impaired|blind|h[oö]rfilm|sehbehindert|malvoyant|aveugle|ciegos|non vedenti|syntolk|synstolk|kuvailutulk|тифлокоммент)|解説|화면해설|口述影像/iu;
/** Abbreviations of audio description and descriptive video service: in capitals only. */
const DESCRIPTION_SHORT = /(?<!\p{L})(?:AD|DVS)(?!\p{L})/u;
const COMMENTARY =
  /(?<!\p{L})(?:audio)?(?:comm?ent(?:ar|ár|air|aar|o(?!\p{L})|i(?!\p{L}))|komment(?:ar|ti|aar)|koment(?:ar|ář))|(?<!\p{L})yorum|комм?ент|コメンタリー|评论|評論|코멘터리/iu;
const EFFECTS = /(?<!\p{L})(?:karaoke|music (?:and|&) effects|m&e|isolated score|score only)(?!\p{L})/iu;

/** The role of a track. A flag takes precedence over the title. */
export function audioRole({ isDescription, isCommentary, isEffects }: AudioFlags, title: string): AudioRole {
  if (isDescription) return 'description';
  if (isCommentary) return 'commentary';
  if (isEffects) return 'effects';
  if (DESCRIPTION.test(title) || DESCRIPTION_SHORT.test(title)) return 'description';
  if (COMMENTARY.test(title)) return 'commentary';
  return EFFECTS.test(title) ? 'effects' : 'main';
}
