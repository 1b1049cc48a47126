// Converts SubRip text: HTML-like tags without a specification, and the position tag of ASS.
import type { CueContent, EventReader } from './cue.ts';
import { cueSettings, keyOfOldAlignment } from './cue-settings.ts';
import { cueText, PLAIN, type StyledRun } from './styled-text.ts';
import { decodeSubtitle } from './text-encoding.ts';

/** Tags that players interpret; anything else in angle brackets is text. */
const MARKUP =
  /<(?<end>\/?)(?<tag>b|i|u|s|font)(?:\s[^<>]{0,200})?>|\{\\(?<position>an?)(?<alignment>\d{1,2})\}|\{\\[^{}]{0,200}\}/giu;

/** `language`: of the track, for text that is not UTF-8. */
export function subripReader(language: string): EventReader {
  return ({ payload }) => subripContent(decodeSubtitle(payload, language));
}

export function subripContent(source: string): CueContent {
  const runs: StyledRun[] = [];
  const depth = { b: 0, i: 0, u: 0 };
  let settings = '';
  let at = 0;
  const push = (end: number) => {
    const style =
      depth.b + depth.i + depth.u === 0 ? PLAIN : { bold: depth.b > 0, italic: depth.i > 0, underline: depth.u > 0 };
    if (end > at) runs.push({ text: entities(source.slice(at, end)), style });
  };
  for (const match of source.matchAll(MARKUP)) {
    push(match.index);
    at = match.index + match[0].length;
    const { end, tag, position, alignment } = match.groups ?? {};
    const name = tag?.toLowerCase();
    if (name === 'b' || name === 'i' || name === 'u') depth[name] = Math.max(0, depth[name] + (end === '' ? 1 : -1));
    const key = position?.toLowerCase() === 'a' ? keyOfOldAlignment(Number(alignment)) : Number(alignment);
    if (alignment !== undefined && settings === '') settings = cueSettings(key);
  }
  push(source.length);
  return { settings, text: cueText(runs) };
}

const ENTITIES = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['nbsp', '\u00a0'],
  ['quot', '"'],
  ['lrm', '\u200e'],
  ['rlm', '\u200f'],
]);

/** Decodes HTML entities, which some tools write into SubRip: escaped once more they would be visible. */
function entities(text: string): string {
  return text.replaceAll(
    /&(?<name>amp|lt|gt|nbsp|quot|lrm|rlm);/gu,
    (whole: string, name: string) => ENTITIES.get(name) ?? whole,
  );
}
