// Text with emphasis: the common form of all subtitle formats, from which WebVTT cues are written.

export interface TextStyle {
  bold: boolean;
  italic: boolean;
  underline: boolean;
}

export interface StyledRun {
  text: string;
  style: TextStyle;
}

export const PLAIN: TextStyle = { bold: false, italic: false, underline: false };

/** After this many changes of style, the rest of a cue is written plain: no regular cue has more. */
const MAX_RUNS = 500;

/** The payload of a cue (WebVTT section 4.2.2): tags balanced, text escaped, no empty line. Empty when there is no visible text. */
export function cueText(runs: StyledRun[]): string {
  const kept = withoutEmptyLines(runs);
  let out = '';
  let open: string[] = [];
  for (const [index, { text, style }] of kept.entries()) {
    const wanted = index < MAX_RUNS ? tagsOf(style) : [];
    const isSame = wanted.join('') === open.join('');
    if (!isSame) out += closing(open) + opening(wanted);
    open = wanted;
    out += escaped(text);
  }
  return out + closing(open);
}

/** Removes blank lines, which would end the cue (WebVTT section 6.1). Lines are trimmed, as renderers do. */
function withoutEmptyLines(runs: StyledRun[]): StyledRun[] {
  const kept: StyledRun[] = [];
  let isLineEmpty = true;
  for (const { text, style } of runs) {
    let line = '';
    for (const [index, part] of printable(text).split('\n').entries()) {
      if (index > 0 && !isLineEmpty) {
        line = `${line.trimEnd()}\n`;
        isLineEmpty = true;
      }
      const piece = isLineEmpty ? part.trimStart() : part;
      if (piece !== '') isLineEmpty = false;
      line += piece;
    }
    if (line !== '') kept.push({ text: line, style });
  }
  for (let last = kept.at(-1); last !== undefined; last = kept.at(-1)) {
    last.text = last.text.trimEnd();
    if (last.text !== '') break;
    kept.pop();
  }
  return kept;
}

/** Unifies line ends and removes control characters, except those that change the writing direction. */
function printable(text: string): string {
  return text
    .replaceAll(/\r\n?|[\u0085\u2028\u2029]/gu, '\n')
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu, '');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\u00a0', '&nbsp;');
}

function tagsOf({ bold, italic, underline }: TextStyle): string[] {
  return [...(bold ? ['b'] : []), ...(italic ? ['i'] : []), ...(underline ? ['u'] : [])];
}

function opening(tags: string[]): string {
  return tags.map((tag) => `<${tag}>`).join('');
}

function closing(tags: string[]): string {
  return tags
    .map((tag) => `</${tag}>`)
    .toReversed()
    .join('');
}
