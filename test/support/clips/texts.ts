// Subtitles and chapters of the clips, and files without any media.

export const SUBTITLE_CUES = [
  { startSeconds: 1, endSeconds: 3, text: 'First line' },
  { startSeconds: 5.5, endSeconds: 8.25, text: '<i>Leaning</i> & plain' },
  { startSeconds: 8, endSeconds: 13, text: 'Overlaps the one before, crosses a boundary' },
  { startSeconds: 30, endSeconds: 32, text: 'Grüße, élève, 字幕' },
  { startSeconds: 55, endSeconds: 59, text: 'Two\nlines' },
] as const;

export const CHAPTER_LIST = [
  { startSeconds: 0, endSeconds: 15, title: 'Opening' },
  { startSeconds: 15, endSeconds: 40.5, title: 'Middle & more' },
  { startSeconds: 40.5, endSeconds: 60, title: 'Ende – 終' },
] as const;

export const SRT = SUBTITLE_CUES.map(({ startSeconds, endSeconds, text }, index) =>
  [index + 1, `${clock(startSeconds, ',', 3)} --> ${clock(endSeconds, ',', 3)}`, text, ''].join('\n'),
).join('\n');

export const ASS = `[Script Info]
ScriptType: v4.00+
PlayResX: 640
PlayResY: 360

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
${SUBTITLE_CUES.map(dialogue).join('\n')}
`;

export const CHAPTERS = [
  ';FFMETADATA1',
  ...CHAPTER_LIST.flatMap(({ startSeconds, endSeconds, title }) => [
    '[CHAPTER]',
    'TIMEBASE=1/1000',
    `START=${startSeconds * 1000}`,
    `END=${endSeconds * 1000}`,
    `title=${title}`,
  ]),
  '',
].join('\n');

export const PLAIN_TEXT = 'This is a letter, not a film.\n'.repeat(200);

export const HTML_PAGE = `<!doctype html>
<html lang="en"><head><title>404 Not Found</title></head>
<body><h1>Not Found</h1><p>${'The film you asked for is not here. '.repeat(100)}</p></body></html>
`;

type Cue = (typeof SUBTITLE_CUES)[number];

function dialogue({ startSeconds, endSeconds, text }: Cue): string {
  const styled = text.replace('<i>', '{\\i1}').replace('</i>', '{\\i0}').replaceAll('\n', '\\N');
  return `Dialogue: 0,${clock(startSeconds, '.', 2).slice(1)},${clock(endSeconds, '.', 2).slice(1)},Default,,0,0,0,,${styled}`;
}

/** "00:00:05,500" */
function clock(seconds: number, point: string, decimals: number): string {
  const units = Math.round(seconds * 10 ** decimals);
  const whole = Math.floor(units / 10 ** decimals);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const fraction = String(units % 10 ** decimals).padStart(decimals, '0');
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')}${point}${fraction}`;
}
