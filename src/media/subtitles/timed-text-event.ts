// Converts samples of 3GPP Timed Text (`tx3g`, 3GPP TS 26.245) and QuickTime text: a length, the text, then boxes with styles.
import { parseBoxes } from '../index/mp4/mp4-boxes.ts';
import type { CueContent, EventReader } from './cue.ts';
import { cueText, PLAIN, type StyledRun, type TextStyle } from './styled-text.ts';
import { decodeSubtitle } from './text-encoding.ts';

const STYLE_RECORD_BYTES = 12;
const FACE = { bold: 1, italic: 2, underline: 4 } as const;
const MAX_STYLES = 500;

export function timedTextReader(language: string): EventReader {
  return ({ payload }) => timedTextContent(payload, language);
}

function timedTextContent(payload: Uint8Array, language: string): CueContent {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const length = view.byteLength < 2 ? 0 : Math.min(view.getUint16(0), view.byteLength - 2);
  const text = decodeSubtitle(payload.subarray(2, 2 + length), language);
  const rest = payload.subarray(2 + length);
  const boxes = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
  return { settings: '', text: cueText(styledRuns(text, boxes)) };
}

interface StyleSpan {
  /** `[start, end)` in characters. */
  start: number;
  end: number;
  style: TextStyle;
}

function styledRuns(text: string, boxes: DataView): StyledRun[] {
  const spans = parseBoxes(boxes).boxes.flatMap(({ type, payload }) => (type === 'styl' ? styleSpans(payload) : []));
  const characters = Array.from(text);
  const runs: StyledRun[] = [];
  let at = 0;
  for (const { start, end, style } of spans.sort((a, b) => a.start - b.start).slice(0, MAX_STYLES)) {
    if (start < at || end <= start || start >= characters.length) continue;
    runs.push({ text: characters.slice(at, start).join(''), style: PLAIN });
    runs.push({ text: characters.slice(start, end).join(''), style });
    at = end;
  }
  runs.push({ text: characters.slice(at).join(''), style: PLAIN });
  return runs;
}

function styleSpans(payload: DataView): StyleSpan[] {
  if (payload.byteLength < 2) return [];
  const count = Math.min(payload.getUint16(0), Math.floor((payload.byteLength - 2) / STYLE_RECORD_BYTES), MAX_STYLES);
  return Array.from({ length: count }, (_, i) => {
    const at = 2 + i * STYLE_RECORD_BYTES;
    const face = payload.getUint8(at + 6);
    const isOn = (flag: number) => (face & flag) !== 0;
    const style = { bold: isOn(FACE.bold), italic: isOn(FACE.italic), underline: isOn(FACE.underline) };
    return { start: payload.getUint16(at), end: payload.getUint16(at + 2), style };
  });
}
