// WebVTT cue settings for the positions of ASS, which are keys of the numeric keypad: 1 bottom left, 5 middle, 9 top right.

const COLUMNS = ['align:left', '', 'align:right'] as const;
const ROWS = ['', 'line:50%', 'line:0'] as const;

/** Cue settings (WebVTT section 4.4); empty for the default position, bottom centre. */
export function cueSettings(key: number): string {
  if (!Number.isInteger(key) || key < 1 || key > 9) return '';
  return [ROWS[Math.floor((key - 1) / 3)], COLUMNS[(key - 1) % 3]].filter(Boolean).join(' ');
}

/** The key for the older alignment numbers of SSA and of `\a`: 1-3 bottom, 5-7 top, 9-11 middle. */
export function keyOfOldAlignment(alignment: number): number {
  if (alignment >= 9 && alignment <= 11) return alignment - 5;
  if (alignment >= 5 && alignment <= 7) return alignment + 2;
  return alignment >= 1 && alignment <= 3 ? alignment : 2;
}
