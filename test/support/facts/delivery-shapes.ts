// Sources with different delivery decisions, by name.
import type { FactsShape } from './media-facts.ts';

const level = (idc: number) => ({ configuration: Uint8Array.of(1, 0x64, 0, idc, 0xff, 0xe1) });
const SURROUND_AAC = { configuration: Uint8Array.of(0x11, 0xb0), channels: 6 };
/** AAC Main profile. */
const MAIN_AAC = { configuration: Uint8Array.of(0x09, 0x90) };
const FOUR_K = { width: 3840, height: 2160 };
const AC3 = { codec: 'ac3', channels: 6, codecString: undefined, configuration: new Uint8Array(0) };
const UNKNOWN_AUDIO = { codec: 'ac4', isDecodable: false, codecString: undefined, configuration: new Uint8Array(0) };

export const SHAPES: Record<string, FactsShape> = {
  'plain H.264 and AAC': {},
  'H.264 at level 3.1': { video: level(31) },
  'H.264 at level 4.2': { video: level(42) },
  'H.264 at level 5.1 in 4K': { video: { ...level(51), ...FOUR_K } },
  '60 frames a second in 1080p': { video: { ...level(42), frameRate: { num: 60, den: 1 } } },
  '60 frames a second in 720p': { video: { ...level(32), frameRate: { num: 60, den: 1 }, width: 1280, height: 720 } },
  'H.264 in 10 bit': { video: { bitDepth: 10 } },
  'H.264 in 4:2:2': { video: { chroma: '4:2:2' } },
  HEVC: { video: { codec: 'hevc', codecString: 'hvc1.1.6.L120.B0' } },
  'HEVC in 10 bit': { video: { codec: 'hevc', codecString: 'hvc1.2.4.L120.B0', bitDepth: 10 } },
  'HEVC in 4K without a decoder': {
    video: { codec: 'hevc', codecString: 'hvc1.1.6.L153.B0', isDecodable: false, ...FOUR_K },
  },
  VP9: { video: { codec: 'vp9', codecString: 'vp09.00.40.08' } },
  AV1: { video: { codec: 'av1', codecString: 'av01.0.08M.08' } },
  'MPEG-2': { video: { codec: 'mpeg2video', codecString: undefined, configuration: new Uint8Array(0) } },
  'MPEG-4 Visual, small': { video: { codec: 'mpeg4', codecString: undefined, width: 320, height: 180 } },
  'a codec without a decoder': { video: { codec: 'vvc', codecString: undefined, isDecodable: false } },
  'H.264 without parameter sets': { video: { codecString: undefined, configuration: new Uint8Array(0) } },
  'interlaced H.264': { video: { interlaced: true } },
  'interlaced MPEG-2': { video: { codec: 'mpeg2video', codecString: undefined, interlaced: true } },
  'decode times only': { video: { hasDecodeTimesOnly: true } },
  'frames without times': { table: { hasUntimed: true } },
  'changing parameter sets': { table: { hasChanges: true } },
  'rotated by 90 degrees': { video: { rotationDegrees: 90 } },
  'rotated by 180 degrees': { video: { rotationDegrees: 180 } },
  'an upright film': { video: { width: 720, height: 1280 } },
  'anamorphic SD': { video: { width: 720, height: 576, sampleAspectRatio: { num: 64, den: 45 } } },
  'no index of keyframes': { table: null },
  'an edit list between keyframes': { table: { isEdited: true } },
  'keyframes that are no decoding starts': { table: { startsClean: false } },
  'one keyframe': { table: { keyframes: [0] } },
  'keyframes 13 s apart': { table: { keyframes: [0, 13, 26, 39, 52].map((seconds) => seconds * 90_000) } },
  'keyframes 11 s apart': { table: { keyframes: [0, 11, 22, 33, 44, 55].map((seconds) => seconds * 90_000) } },
  'sound that begins 3 s before the picture': { facts: { videoStartSeconds: 3 } },
  'sound that begins 0.5 s before the picture': { facts: { videoStartSeconds: 0.5 } },
  'one frame a second': { video: { frameRate: { num: 1, den: 1 } } },
  'a picture that lasts 20 s of 60': { facts: { videoSeconds: 20 } },
  'AAC 5.1': { audio: [SURROUND_AAC] },
  'AAC Main': { audio: [MAIN_AAC] },
  'AC-3 5.1': { audio: [AC3] },
  'AC-3 mono': { audio: [{ ...AC3, channels: 1 }] },
  'AAC and AC-3': { audio: [{}, AC3] },
  'AC-3 and AAC': { audio: [AC3, {}] },
  'audio without a decoder': { audio: [UNKNOWN_AUDIO] },
  'audio with and without a decoder': { audio: [{}, UNKNOWN_AUDIO] },
  'no audio': { audio: [] },
  'no video': { video: null, table: null },
  'no video, AC-3': { video: null, table: null, audio: [AC3] },
  'no video, audio without a decoder': { video: null, table: null, audio: [UNKNOWN_AUDIO] },
  'HEVC and AC-3': { video: { codec: 'hevc', codecString: 'hvc1.1.6.L120.B0' }, audio: [AC3] },
  'interlaced HEVC, edited, AC-3': {
    video: { codec: 'hevc', codecString: 'hvc1.1.6.L120.B0', interlaced: true },
    table: { isEdited: true },
    audio: [AC3],
  },
  '4K HEVC at 60 frames a second': {
    video: { codec: 'hevc', codecString: 'hvc1.1.6.L156.B0', ...FOUR_K, frameRate: { num: 60, den: 1 } },
  },
};
