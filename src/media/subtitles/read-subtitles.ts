// Converts a subtitle track to WebVTT, cue by cue, as soon as each is found.
import { MIB } from '../../base/units.ts';
import { AppError } from '../../base/app-error.ts';
import type { SubtitleTrack } from '../model/description.ts';
import type { MediaFacts } from '../model/facts.ts';
import { assReader } from './ass-event.ts';
import { WEBVTT_HEADER, writtenCue, type Cue, type EventReader, type SubtitleEvent } from './cue.ts';
import type { SubtitleReaders } from './subtitle-readers.ts';
import { matroskaEvents } from './matroska-events.ts';
import type { MatroskaSubtitleTrack } from './matroska-track.ts';
import { mp4Events } from './mp4-events.ts';
import { subripReader } from './subrip-event.ts';
import { whyNoText } from './text-tracks.ts';
import { timedTextReader } from './timed-text-event.ts';
import { matroskaWebvttReader, webmWebvttReader } from './webvtt-event.ts';

/** Limits of a subtitle track: what lies beyond them is left out. */
const LIMITS = { events: 50_000, eventBytes: 64 * 1024, textLength: 8 * MIB };

/** The longest duration of a cue without a stated end; the next cue ends it earlier. */
const UNKNOWN_DURATION_MS = 5000;

/** Number of recent cues in which duplicates are searched: layers of ASS repeat a text to draw its border. */
const REPEATS = 16;

export interface SubtitleRequest {
  facts: MediaFacts;
  /** Index among the subtitle tracks. */
  index: number;
  /** Whether the whole source may be walked when it has no index of the track. */
  mayWalk: boolean;
  /** Cues from this time on come first, then those before; 0 gives the order of time. */
  fromMs: number;
}

/**
 * The text in pieces: the header first, then whole cues. Times count from the presentation's zero.
 * @throws AppError NOT_FOUND, UNSUPPORTED_MEDIA; else what the reader throws
 */
export async function* readSubtitles(readers: SubtitleReaders, request: SubtitleRequest): AsyncGenerator<string> {
  const { events, read } = await openTrack(readers, request);
  yield WEBVTT_HEADER;
  let length = 0;
  for await (const cue of cuesOf(events, read)) {
    const text = writtenCue(cue);
    length += text.length;
    if (length > LIMITS.textLength) return;
    yield text;
  }
}

/** @throws AppError NOT_FOUND, UNSUPPORTED_MEDIA */
export function textTrack({ description }: MediaFacts, index: number): SubtitleTrack {
  const track = description.subtitles[index];
  if (!track) throw new AppError('NOT_FOUND', 'There is no such subtitle track in this session');
  const why = whyNoText(description, track);
  if (why !== undefined) throw new AppError('UNSUPPORTED_MEDIA', why);
  return track;
}

interface OpenTrack {
  events: AsyncIterable<SubtitleEvent>;
  read: EventReader;
}

async function openTrack(
  readers: SubtitleReaders,
  { facts, index, mayWalk, fromMs }: SubtitleRequest,
): Promise<OpenTrack> {
  const { language, streamIndex } = textTrack(facts, index);
  const limits = { maxEvents: LIMITS.events, maxEventBytes: LIMITS.eventBytes };
  const clock = { origin: facts.origin, fromMs };
  if (!facts.description.container.startsWith('matroska')) {
    return { events: await mp4Events(readers, { streamIndex, ...clock, ...limits }), read: timedTextReader(language) };
  }
  const { track, events } = await matroskaEvents(readers, { ordinal: index, mayWalk, ...clock, ...limits });
  return { events, read: matroskaReader(track, language) };
}

/** @throws AppError UNSUPPORTED_MEDIA */
function matroskaReader({ codecId, codecPrivate }: MatroskaSubtitleTrack, language: string): EventReader {
  if (/^S_TEXT\/(?:UTF8|ASCII)$/u.test(codecId)) return subripReader(language);
  if (/^S_(?:TEXT\/)?(?:ASS|SSA)$/u.test(codecId)) return assReader(codecPrivate, language);
  if (codecId === 'S_TEXT/WEBVTT') return matroskaWebvttReader;
  if (codecId.startsWith('D_WEBVTT/')) return webmWebvttReader;
  throw new AppError('UNSUPPORTED_MEDIA', `Subtitles of type ${codecId.slice(0, 40)} cannot be read as text`);
}

/**
 * Converts events to cues. An event without an end is held back until the next one gives its end. Empty cues, cues before the presentation and
 * duplicates are left out.
 */
async function* cuesOf(events: AsyncIterable<SubtitleEvent>, read: EventReader): AsyncGenerator<Cue> {
  const recent: string[] = [];
  let held: SubtitleEvent | undefined;
  const cueOf = (event: SubtitleEvent, nextMs: number): Cue | undefined => {
    const endMs =
      event.endMs ??
      (nextMs > event.startMs
        ? Math.min(event.startMs + UNKNOWN_DURATION_MS, nextMs)
        : event.startMs + UNKNOWN_DURATION_MS);
    const cue = { startMs: Math.max(0, event.startMs), endMs, ...read(event) };
    const text = writtenCue({ ...cue, endMs: Math.max(0, endMs) });
    if (cue.text === '' || endMs <= cue.startMs || recent.includes(text)) return undefined;
    recent.push(text);
    if (recent.length > REPEATS) recent.shift();
    return cue;
  };
  for await (const event of events) {
    if (event.endMs !== undefined && !held) {
      const cue = cueOf(event, Infinity);
      if (cue) yield cue;
      continue;
    }
    const cue = held && cueOf(held, event.startMs);
    if (cue) yield cue;
    held = event;
  }
  const last = held && cueOf(held, Infinity);
  if (last) yield last;
}
