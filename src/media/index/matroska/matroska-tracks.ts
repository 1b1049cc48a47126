// The segment's clock and the video tracks of a Matroska source.
import type { Rational } from '../../../base/rational.ts';
import { childrenOf, floatValue, identityOf, textValue, unsignedChild, unsignedChildOr } from './matroska-ebml.ts';
import { ID } from './matroska-ids.ts';
import { reducedFraction } from '../../model/reduced-fraction.ts';

const NANOSECONDS = 1_000_000_000;
const DEFAULT_TIMESTAMP_SCALE = 1_000_000;
const VIDEO_TRACK_TYPE = 1;
/** First letters of codec ids by type of track: video, audio, subtitle, metadata. */
const CODEC_LETTERS = new Map([
  [VIDEO_TRACK_TYPE, 'V'],
  [2, 'A'],
  [0x11, 'SD'],
  [0x21, 'SD'],
]);
const STILL_CODECS = new Set(['V_MJPEG', 'V_PNG']);
/** A shorter stated duration is a clock tick, not a frame (some writers state 1 ms for variable rates). */
const MIN_FRAME_NANOSECONDS = 2_000_000;
const MAX_FRAME_NANOSECONDS = 10 * NANOSECONDS;
const KNOWN_RATES: Rational[] = [
  ...[24, 30, 48, 60, 120].map((rate) => ({ num: rate * 1000, den: 1001 })),
  ...[10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 100, 120].map((rate) => ({ num: rate, den: 1 })),
];

export interface SegmentInfo {
  /** Duration of a tick in seconds, reduced as in libavformat. */
  timeBase: Rational;
  durationSeconds: number | undefined;
}

export interface MatroskaVideoTrack {
  /** Index among the tracks that libavformat creates streams for. */
  streamIndex: number;
  number: number;
  isDefault: boolean;
  isStillCodec: boolean;
  /** TrackUID as hexadecimal digits: 64 bits. */
  uid: string | undefined;
  frameRate: Rational | undefined;
  /** Whether blocks have presentation times in the segment's own ticks. False for AVI-style and scaled tracks. */
  hasPlainTimestamps: boolean;
  /** Whether blocks hold unmodified frames: not compressed, encrypted, or stripped of their first bytes. */
  hasPlainFrames: boolean;
}

/** Reads `Info` (RFC 9559 section 5.1.2); missing or invalid values take their defaults. */
export function parseInfo(info: DataView | undefined): SegmentInfo {
  const scale = (info && unsignedChild(info, ID.timestampScale)) || DEFAULT_TIMESTAMP_SCALE;
  const duration = floatValue(childrenOf(info, ID.duration)[0]);
  return {
    timeBase: reducedFraction({ num: scale, den: NANOSECONDS }),
    durationSeconds: duration !== undefined && duration > 0 ? (duration * scale) / NANOSECONDS : undefined,
  };
}

/** The video tracks of `Tracks` (RFC 9559 section 5.1.4). */
export function parseVideoTracks(tracks: DataView | undefined): MatroskaVideoTrack[] {
  return streamEntries(tracks).flatMap((entry, streamIndex) => parseVideoTrack(entry, streamIndex) ?? []);
}

/** The entries of `Tracks` that libavformat creates streams for: it skips unknown types, and codec ids of another type. */
export function streamEntries(tracks: DataView | undefined): DataView[] {
  return childrenOf(tracks, ID.trackEntry).filter((entry) => {
    const letters = CODEC_LETTERS.get(unsignedChild(entry, ID.trackType) ?? 0);
    const [letter] = textValue(childrenOf(entry, ID.codecId)[0]) ?? '';
    return letters !== undefined && letter !== undefined && letters.includes(letter);
  });
}

function parseVideoTrack(entry: DataView, streamIndex: number): MatroskaVideoTrack | undefined {
  const number = unsignedChild(entry, ID.trackNumber);
  if (!number || unsignedChild(entry, ID.trackType) !== VIDEO_TRACK_TYPE) return undefined;
  const scale = floatValue(childrenOf(entry, ID.trackTimestampScale)[0]) ?? 1;
  const codec = textValue(childrenOf(entry, ID.codecId)[0]) ?? '';
  return {
    streamIndex,
    number,
    isDefault: unsignedChildOr(entry, ID.flagDefault, 1) === 1,
    isStillCodec: STILL_CODECS.has(codec),
    uid: identityOf(childrenOf(entry, ID.trackUid)[0]),
    frameRate: frameRateOf(unsignedChild(entry, ID.defaultDuration)),
    hasPlainTimestamps: scale === 1 && codec !== 'V_MS/VFW/FOURCC',
    hasPlainFrames: childrenOf(entry, ID.contentEncodings).length === 0,
  };
}

/** The rate of a frame duration, as a standard rate if one is close: writers round durations, and standard rates lie a thousandth apart. */
function frameRateOf(nanoseconds: number | undefined): Rational | undefined {
  if (!nanoseconds || nanoseconds < MIN_FRAME_NANOSECONDS || nanoseconds > MAX_FRAME_NANOSECONDS) return undefined;
  const known = KNOWN_RATES.find(({ num, den }) => Math.abs((nanoseconds * num) / den / NANOSECONDS - 1) < 2e-5);
  return known ?? reducedFraction({ num: NANOSECONDS, den: nanoseconds });
}
