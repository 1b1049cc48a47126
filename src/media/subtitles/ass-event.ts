// Converts events of ASS and SSA in Matroska: text, emphasis and position are kept; drawings, animation and colours are dropped.
import type { CueContent, EventReader } from './cue.ts';
import { DEFAULT_STYLE, parseAssStyles, type AssStyle } from './ass-styles.ts';
import { keyOfOldAlignment, cueSettings } from './cue-settings.ts';
import { cueText, type StyledRun } from './styled-text.ts';
import { decodeSubtitle } from './text-encoding.ts';

/** ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect come before the text (Matroska, subtitles, section 4). */
const FIELDS_BEFORE_TEXT = 8;
const STYLE_FIELD = 2;
const MAX_TAGS = 1000;

/** Weights of `\b` from this value on are bold. */
const BOLD_WEIGHT = 600;

/** `header`: the private data of the track; `language`: for text that is not UTF-8. */
export function assReader(header: Uint8Array, language: string): EventReader {
  const styles = parseAssStyles(decodeSubtitle(header, language));
  return ({ payload }) => assContent(decodeSubtitle(payload, language), styles);
}

function assContent(event: string, styles: ReadonlyMap<string, AssStyle>): CueContent {
  const { fields, text } = splitEvent(event);
  const state = new OverrideState(styles, fields[STYLE_FIELD]?.trim() ?? '');
  const runs: StyledRun[] = [];
  // Braces that are never closed are text.
  for (const part of text.split(/(?<block>\{[^{}]*\})/u)) {
    if (part.startsWith('{') && part.endsWith('}')) state.apply(part.slice(1, -1));
    else if (!state.isDrawing && part !== '') runs.push({ text: plainText(part), style: state.style });
  }
  return { settings: cueSettings(state.key), text: cueText(runs) };
}

function splitEvent(event: string): { fields: string[]; text: string } {
  const fields: string[] = [];
  let at = 0;
  while (fields.length < FIELDS_BEFORE_TEXT) {
    const comma = event.indexOf(',', at);
    if (comma < 0) return { fields, text: '' };
    fields.push(event.slice(at, comma));
    at = comma + 1;
  }
  return { fields, text: event.slice(at) };
}

/** `\N` breaks the line, `\n` does so only when lines are not wrapped, `\h` is a hard space. */
function plainText(text: string): string {
  return text.replaceAll('\\N', '\n').replaceAll('\\n', ' ').replaceAll('\\h', '\u00a0');
}

class OverrideState {
  readonly #styles: ReadonlyMap<string, AssStyle>;
  readonly #own: AssStyle;
  #now: AssStyle;
  #hasPosition = false;
  isDrawing = false;

  constructor(styles: ReadonlyMap<string, AssStyle>, name: string) {
    this.#styles = styles;
    this.#own = styles.get(name.replace(/^\*/u, '')) ?? styles.get('Default') ?? DEFAULT_STYLE;
    this.#now = this.#own;
  }

  get style(): StyledRun['style'] {
    return this.#now;
  }

  get key(): number {
    return this.#now.key;
  }

  /** The tags of one `{...}` block. */
  apply(block: string): void {
    // Arguments in brackets, as in `\t(...)`, are animation.
    const tags = block
      .replaceAll(/\([^)]*\)?/gu, '')
      .split('\\')
      .slice(1, MAX_TAGS);
    for (const tag of tags) this.#applyOne(tag.trim());
  }

  #applyOne(tag: string): void {
    const match = /^(?<name>an|a|b|i|u|p|r)(?<value>-?\d*|(?<=r).*)$/u.exec(tag);
    const { name, value = '' } = match?.groups ?? {};
    const amount = Number(value);
    if (name === 'r') this.#now = { ...(this.#styles.get(value) ?? this.#own), key: this.#now.key };
    else if (name === 'p') this.isDrawing = amount > 0;
    else if (name === 'an' || name === 'a') this.#setPosition(name === 'an' ? amount : keyOfOldAlignment(amount));
    else if (name === 'b')
      this.#now = { ...this.#now, bold: value === '' ? this.#own.bold : amount === 1 || amount >= BOLD_WEIGHT };
    else if (name === 'i') this.#now = { ...this.#now, italic: value === '' ? this.#own.italic : amount !== 0 };
    else if (name === 'u') this.#now = { ...this.#now, underline: value === '' ? this.#own.underline : amount !== 0 };
  }

  /** Sets the position; the first position tag of a line counts. */
  #setPosition(key: number): void {
    if (this.#hasPosition) return;
    this.#hasPosition = true;
    this.#now = { ...this.#now, key };
  }
}
