// The styles of an ASS or SSA script, from the header that Matroska stores as the track's private data.
import { keyOfOldAlignment } from './cue-settings.ts';
import { PLAIN, type TextStyle } from './styled-text.ts';

export interface AssStyle extends TextStyle {
  /** Position as a key of the numeric keypad. */
  key: number;
}

const MAX_STYLES = 1000;
export const DEFAULT_STYLE: AssStyle = { ...PLAIN, key: 2 };

/** Styles by name; a later style replaces an earlier one of the same name. Unknown lines are ignored. */
export function parseAssStyles(header: string): Map<string, AssStyle> {
  const styles = new Map<string, AssStyle>();
  let names: string[] = [];
  let section = '';
  for (const line of header.split(/\r?\n|\r/u)) {
    const head = /^\[(?<name>[^\]]{1,60})\]/u.exec(line.trim())?.groups?.['name'];
    if (head !== undefined) section = head.toLowerCase();
    if (!section.includes('styles') || styles.size === MAX_STYLES) continue;
    const format = /^\s*format\s*:(?<fields>.*)$/iu.exec(line)?.groups?.['fields'];
    if (format !== undefined) names = format.split(',').map((name) => name.trim().toLowerCase());
    const values = /^\s*style\s*:(?<fields>.*)$/iu.exec(line)?.groups?.['fields']?.split(',');
    if (values) addStyle(styles, { names, values, isOld: section === 'v4 styles' });
  }
  return styles;
}

function addStyle(
  styles: Map<string, AssStyle>,
  { names, values, isOld }: { names: string[]; values: string[]; isOld: boolean },
): void {
  const field = (name: string) => values[names.indexOf(name)]?.trim() ?? '';
  const isOn = (name: string) => Number(field(name)) !== 0 && field(name) !== '';
  const name = field('name');
  const alignment = Number(field('alignment')) || 2;
  if (name === '') return;
  styles.set(name, {
    bold: isOn('bold'),
    italic: isOn('italic'),
    underline: isOn('underline'),
    key: isOld ? keyOfOldAlignment(alignment) : alignment,
  });
}
