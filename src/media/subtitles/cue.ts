// A cue as it stands in a WebVTT file, and an event as a container holds it.

/** One block or sample of a subtitle track. Times are milliseconds of the presentation; `endMs` undefined: nobody says. */
export interface SubtitleEvent {
  startMs: number;
  endMs: number | undefined;
  payload: Uint8Array;
  /** What Matroska keeps beside a block of WebVTT: settings, identifier and comment, a line each. */
  addition?: Uint8Array;
}

/** `settings` as WebVTT writes them ("line:0 align:left"); `text` escaped and tagged, empty when there is nothing to show. */
export interface CueContent {
  settings: string;
  text: string;
}

export interface Cue extends CueContent {
  startMs: number;
  endMs: number;
}

/** Makes a cue's content from an event's bytes. Never throws: what cannot be understood is shown as it is, or not at all. */
export type EventReader = (event: SubtitleEvent) => CueContent;

export const WEBVTT_HEADER = 'WEBVTT\n';

/** The cue with the blank line before it (WebVTT section 4.1). */
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
