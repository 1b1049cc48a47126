// The segment's clock and the video track of a Matroska film.
import type { Rational } from '../../base/rational.ts';
import { childrenOf, floatValue, identityOf, textValue, unsignedChild } from './matroska-ebml.ts';
import { ID } from './matroska-ids.ts';
import { reducedFraction } from './reduced-fraction.ts';

const NANOSECONDS = 1_000_000_000;
const DEFAULT_TIMESTAMP_SCALE = 1_000_000;
const VIDEO_TRACK_TYPE = 1;
/** Shorter is a clock, not a frame (some writers state 1 ms for variable rates). */
const MIN_FRAME_NANOSECONDS = 2_000_000;
const MAX_FRAME_NANOSECONDS = 10 * NANOSECONDS;
const KNOWN_RATES: Rational[] = [
  ...[24, 30, 48, 60, 120].map((rate) => ({ num: rate * 1000, den: 1001 })),
  ...[10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 100, 120].map((rate) => ({ num: rate, den: 1 })),
];

export interface SegmentInfo {
  /** Length of a tick, seconds, reduced as libavformat does. */
  timeBase: Rational;
  durationSeconds: number | undefined;
}

export interface MatroskaVideoTrack {
  number: number;
  /** TrackUID as hexadecimal digits: 64 bits. */
  uid: string | undefined;
  frameRate: Rational | undefined;
  /** Blocks carry presentation times in the segment's own ticks. False for AVI-style tracks and scaled ones. */
  hasPlainTimestamps: boolean;
  /** Blocks hold frames as they are: neither compressed nor encrypted nor without their first bytes. */
  hasPlainFrames: boolean;
}

/** Reads `Info` (RFC 9559 section 5.1.2); absent or odd values take their defaults. */
export function parseInfo(info: DataView | undefined): SegmentInfo {
  const scale = (info && unsignedChild(info, ID.timestampScale)) || DEFAULT_TIMESTAMP_SCALE;
  const duration = floatValue(childrenOf(info, ID.duration)[0]);
  return {
    timeBase: reducedFraction({ num: scale, den: NANOSECONDS }),
    durationSeconds: duration !== undefined && duration > 0 ? (duration * scale) / NANOSECONDS : undefined,
  };
}

/** The first video track of `Tracks` (RFC 9559 section 5.1.4). */
export function parseVideoTrack(tracks: DataView | undefined): MatroskaVideoTrack | undefined {
  const entry = childrenOf(tracks, ID.trackEntry).find((one) => unsignedChild(one, ID.trackType) === VIDEO_TRACK_TYPE);
  const number = entry && unsignedChild(entry, ID.trackNumber);
  if (!entry || !number) return undefined;
  const scale = floatValue(childrenOf(entry, ID.trackTimestampScale)[0]) ?? 1;
  return {
    number,
    uid: identityOf(childrenOf(entry, ID.trackUid)[0]),
    frameRate: frameRateOf(unsignedChild(entry, ID.defaultDuration)),
    hasPlainTimestamps: scale === 1 && textValue(childrenOf(entry, ID.codecId)[0]) !== 'V_MS/VFW/FOURCC',
    hasPlainFrames: childrenOf(entry, ID.contentEncodings).length === 0,
  };
}

/** Writers round the duration to a nanosecond or worse; the well-known rates lie a thousandth apart. */
function frameRateOf(nanoseconds: number | undefined): Rational | undefined {
  if (!nanoseconds || nanoseconds < MIN_FRAME_NANOSECONDS || nanoseconds > MAX_FRAME_NANOSECONDS) return undefined;
  const known = KNOWN_RATES.find(({ num, den }) => Math.abs((nanoseconds * num) / den / NANOSECONDS - 1) < 2e-5);
  return known ?? reducedFraction({ num: NANOSECONDS, den: nanoseconds });
}
