// Colour of a video track: the assumed colour of untagged video, the colour that encoded video states, and its name in playlists.
// Numbers are those of ISO/IEC 23091-2 (CICP).
import type { ColorDescription } from './description.ts';

export const UNSPECIFIED = 2;
/** The matrix of R'G'B' video. */
export const RGB_MATRIX = 0;
const BT709 = 1;
const BT470BG = 5;
const SMPTE170M = 6;
const BT2020 = 9;
const PQ = 16;
const HLG = 18;

/** Y'CbCr matrices that players support: BT.709, FCC, BT.470BG, SMPTE 170M, SMPTE 240M, BT.2020. */
const KNOWN_MATRICES = [BT709, 4, BT470BG, SMPTE170M, 7, BT2020];

interface Size {
  width: number;
  height: number;
}

export type VideoRange = 'SDR' | 'PQ' | 'HLG';

/** VIDEO-RANGE of RFC 8216bis for a transfer characteristic. */
export function videoRange({ transfer }: Pick<ColorDescription, 'transfer'>): VideoRange {
  if (transfer === PQ) return 'PQ';
  return transfer === HLG ? 'HLG' : 'SDR';
}

/**
 * The colour, with unspecified values filled in as players do (mpv's `mp_csp_guess_*`, Chromium): BT.709 from 1280 x 577 on, BT.601 below;
 * an HDR transfer means BT.2020. The coded size of the source counts: a player would guess another colour for a smaller rendition.
 */
export function assumedColor(color: ColorDescription, { width, height }: Size): ColorDescription {
  const isHdr = videoRange(color) !== 'SDR';
  const isHd = width >= 1280 || height > 576;
  const guess = (value: number, hdr: number, sdr: number) => (value === UNSPECIFIED ? (isHdr ? hdr : sdr) : value);
  const matrix = guess(color.matrix, BT2020, isHd ? BT709 : SMPTE170M);
  const ofMatrix = matrix === BT2020 ? BT2020 : BT709;
  return {
    primaries: guess(color.primaries, BT2020, isHd ? ofMatrix : primariesOfHeight(height)),
    transfer: color.transfer === UNSPECIFIED ? BT709 : color.transfer,
    matrix,
    fullRange: color.fullRange,
  };
}

/** Primaries of standard-definition video: 625 lines, 525 lines, and other sizes. */
function primariesOfHeight(height: number): number {
  if (height === 576) return BT470BG;
  return height === 480 || height === 486 ? SMPTE170M : BT709;
}

/**
 * The colour that an encoded rendition states: limited range; the source's own matrix, primaries and transfer where players support them;
 * BT.709 after tone mapping.
 */
export function encodedColor(assumed: ColorDescription, { width, height }: Size): ColorDescription {
  if (videoRange(assumed) !== 'SDR') return { primaries: BT709, transfer: BT709, matrix: BT709, fullRange: false };
  const ofSize = width >= 1280 || height > 576 ? BT709 : SMPTE170M;
  const matrix = KNOWN_MATRICES.includes(assumed.matrix) ? assumed.matrix : ofSize;
  return { ...assumed, matrix, fullRange: false };
}
