// Where on the picture a cue stands, from the numbers of the numeric keypad that ASS uses: 1 bottom left, 5 middle, 9 top right.

const COLUMNS = ['align:left', '', 'align:right'] as const;
const ROWS = ['', 'line:50%', 'line:0'] as const;

/** Cue settings (WebVTT section 4.4); empty for the usual place, bottom centre. */
export function placement(key: number): string {
  if (!Number.isInteger(key) || key < 1 || key > 9) return '';
  return [ROWS[Math.floor((key - 1) / 3)], COLUMNS[(key - 1) % 3]].filter(Boolean).join(' ');
}

/** The older numbers of SSA and of `\a`: 1-3 bottom, 5-7 top, 9-11 middle. */
export function keyOfOldAlignment(alignment: number): number {
  if (alignment >= 9 && alignment <= 11) return alignment - 5;
  if (alignment >= 5 && alignment <= 7) return alignment + 2;
  return alignment >= 1 && alignment <= 3 ? alignment : 2;
}
