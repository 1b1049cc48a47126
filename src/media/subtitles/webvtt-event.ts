// Converts WebVTT in a container: the text is a cue already, and only valid parts of it are passed on.
import type { CueContent, EventReader, SubtitleEvent } from './cue.ts';
import { subripContent } from './subrip-event.ts';

/** Settings of WebVTT section 4.4 except `region`: regions are defined in headers, which are not passed on. */
const SETTING =
  /^(?:vertical:(?:rl|lr)|line:-?\d{1,5}(?:\.\d{1,5})?%?(?:,(?:start|center|end))?|position:\d{1,3}(?:\.\d{1,5})?%(?:,(?:line-left|center|line-right))?|size:\d{1,3}(?:\.\d{1,5})?%|align:(?:start|center|end|left|right))$/u;

/** The class of a tag that is kept. */
const CLASS = /(?<=<[biu])\.[^<>\s]*/gu;

/** Tags to remove, for classes, voices, languages, ruby, and times inside a cue. */
const OTHER_TAGS = /<\/?(?:c|v|lang|ruby|rt)(?:[.\s][^<>]*)?>|<\d{2,}:[\d:.]{1,12}>/gu;

/** WebM: identifier, settings, then the text. */
export const webmWebvttReader: EventReader = ({ payload }: SubtitleEvent) => {
  const [, settings = '', ...lines] = decoded(payload).split('\n');
  return webvttContent(settings, lines.join('\n'));
};

/** Matroska: the text; settings and identifier are in the block addition. */
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
