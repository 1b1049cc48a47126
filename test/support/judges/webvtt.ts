// Parses WebVTT strictly by the specification, and converts the same track with ffmpeg for comparison.
import assert from 'node:assert/strict';
import { textOf } from '../clips/ffmpeg.ts';

export interface VttCue {
  startMs: number;
  endMs: number;
  settings: string;
  text: string;
}

/** @throws AssertionError for anything that WebVTT section 4 does not allow a writer */
export function parseWebvtt(text: string): VttCue[] {
  assert.match(text, /^WEBVTT(?:\n|$)/u);
  const blocks = text.split(/\n{2,}/u).slice(1);
  const cues = blocks.filter((block) => block.trim() !== '').map(parseCue);
  for (const [i, cue] of cues.entries()) {
    assert.ok(cue.endMs > cue.startMs, `cue ${i} ends before it starts`);
    assert.ok(i === 0 || cue.startMs >= (cues[i - 1]?.startMs ?? 0), `cue ${i} is out of order`);
  }
  return cues;
}

function parseCue(block: string): VttCue {
  const [timing = '', ...lines] = block.replace(/\n$/u, '').split('\n');
  const match = /^(?<start>\d{2,}:\d\d:\d\d\.\d{3}) --> (?<end>\d{2,}:\d\d:\d\d\.\d{3})(?: (?<settings>\S.*))?$/u.exec(
    timing,
  );
  assert.ok(match?.groups, `no timing: ${timing}`);
  const text = lines.join('\n');
  assert.ok(text !== '' && !text.includes('-->'), `no text: ${block}`);
  assert.match(text.replaceAll(/<\/?[biu]>|&(?:amp|lt|gt|nbsp);/gu, ''), /^[^<>&]*$/u, 'something is not escaped');
  assertBalanced(text);
  const { start = '', end = '', settings = '' } = match.groups;
  return { startMs: milliseconds(start), endMs: milliseconds(end), settings, text };
}

function assertBalanced(text: string): void {
  const open: string[] = [];
  for (const [, end, tag = ''] of text.matchAll(/<(\/?)([biu])>/gu)) {
    if (end === '') open.push(tag);
    else assert.equal(open.pop(), tag, `tags do not match: ${text}`);
  }
  assert.deepEqual(open, []);
}

function milliseconds(clock: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  return Math.round(((hours * 60 + minutes) * 60 + seconds) * 1000);
}

/** The displayed text: without tags, entities and empty lines. */
export function plain(text: string): string {
  const bare = text
    .replaceAll(/<[^<>]*>/gu, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&nbsp;', '\u00a0')
    .replaceAll('&amp;', '&');
  return bare
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}

/** Times and texts of subtitle track `index` as ffmpeg converts them, minus `originMs`. */
export async function judgedCues(path: string, index: number, originMs = 0): Promise<Omit<VttCue, 'settings'>[]> {
  const args = ['-v', 'error', '-copyts', '-i', path, '-map', `0:s:${index}`, '-f', 'webvtt', 'pipe:1'];
  const blocks = (await textOf('ffmpeg', args)).split(/\n\n+/u).slice(1);
  return blocks.flatMap((block) => {
    const [timing = '', ...lines] = block.split('\n');
    const [start, end] = timing.split(' --> ');
    if (start === undefined || end === undefined) return [];
    const long = (clock: string) => (clock.split(':').length === 2 ? `00:${clock}` : clock);
    return {
      startMs: milliseconds(long(start)) - originMs,
      endMs: milliseconds(long(end)) - originMs,
      text: plain(lines.join('\n')),
    };
  });
}
