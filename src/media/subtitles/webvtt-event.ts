// WebVTT kept in a container: the text is a cue's already, and is only let through as far as it is one.
import type { CueContent, EventReader, SubtitleEvent } from './cue.ts';
import { subripContent } from './subrip-event.ts';

/** Settings of WebVTT section 4.4 but `region`: regions stand in headers, which are not passed on. */
const SETTING =
  /^(?:vertical:(?:rl|lr)|line:-?\d{1,5}(?:\.\d{1,5})?%?(?:,(?:start|center|end))?|position:\d{1,3}(?:\.\d{1,5})?%(?:,(?:line-left|center|line-right))?|size:\d{1,3}(?:\.\d{1,5})?%|align:(?:start|center|end|left|right))$/u;

/** The class of a tag that stays. */
const CLASS = /(?<=<[biu])\.[^<>\s]*/gu;

/** Tags that are the same wherever they stand; classes, voices, languages and times inside a cue go. */
const OTHER_TAGS = /<\/?(?:c|v|lang|ruby|rt)(?:[.\s][^<>]*)?>|<\d{2,}:[\d:.]{1,12}>/gu;

/** WebM: identifier, settings, then the text. */
export const webmWebvttReader: EventReader = ({ payload }: SubtitleEvent) => {
  const [, settings = '', ...lines] = decoded(payload).split('\n');
  return webvttContent(settings, lines.join('\n'));
};

/** Matroska: the text; settings and identifier lie beside the block. */
export const matroskaWebvttReader: EventReader = ({ payload, addition }: SubtitleEvent) => {
  const [settings = ''] = decoded(addition ?? new Uint8Array()).split('\n');
  return webvttContent(settings, decoded(payload));
};

function webvttContent(settings: string, text: string): CueContent {
  const kept = settings.split(/[ \t]+/u).filter((setting) => SETTING.test(setting));
  return { settings: kept.join(' '), text: subripContent(text.replaceAll(OTHER_TAGS, '').replaceAll(CLASS, '')).text };
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replaceAll(/\r\n?/gu, '\n');
}
