// Cues of WebVTT, and subtitle events of containers.

/** One block or sample of a subtitle track. Times are milliseconds of the presentation; `endMs` undefined: not stated. */
export interface SubtitleEvent {
  startMs: number;
  endMs: number | undefined;
  payload: Uint8Array;
  /** The block addition of WebVTT in Matroska: settings, identifier and comment, one line each. */
  addition?: Uint8Array;
}

/** `settings` in WebVTT syntax ("line:0 align:left"); `text` escaped and tagged, empty when there is no visible text. */
export interface CueContent {
  settings: string;
  text: string;
}

export interface Cue extends CueContent {
  startMs: number;
  endMs: number;
}

/** Converts an event's bytes to the content of a cue. Never throws: unknown syntax stays as text, or is dropped. */
export type EventReader = (event: SubtitleEvent) => CueContent;

export const WEBVTT_HEADER = 'WEBVTT\n';

/** The cue in WebVTT syntax, after a blank line (WebVTT section 4.1). */
export function writtenCue({ startMs, endMs, settings, text }: Cue): string {
  const timing = `${clock(startMs)} --> ${clock(endMs)}`;
  return `\n${settings === '' ? timing : `${timing} ${settings}`}\n${text}\n`;
}

function clock(ms: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const seconds = Math.floor(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  return `${two(hours)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${String(ms % 1000).padStart(3, '0')}`;
}
