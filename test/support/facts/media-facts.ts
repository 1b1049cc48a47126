// Facts of a source of one minute, in the form of a probe's result, and variations of them.
import type { AudioTrack, VideoTrack } from '../../../src/media/model/description.ts';
import type { KeyframeTable, MediaFacts } from '../../../src/media/model/facts.ts';

/** H.264 High at level 4.1, 1080p25. */
export const VIDEO: VideoTrack = {
  streamIndex: 0,
  codec: 'h264',
  isDecodable: true,
  codecString: 'avc1.640029',
  configuration: Uint8Array.of(1, 0x64, 0, 41, 0xff, 0xe1),
  width: 1920,
  height: 1080,
  sampleAspectRatio: { num: 1, den: 1 },
  rotationDegrees: 0,
  bitDepth: 8,
  chroma: '4:2:0',
  interlaced: false,
  reorderFrames: 2,
  hasDecodeTimesOnly: false,
  color: { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
  timeBase: { num: 1, den: 90_000 },
  startTicks: 0,
  frameRate: { num: 25, den: 1 },
  bitRate: undefined,
};

/** AAC-LC in stereo at 48 kHz. */
export const AUDIO: AudioTrack = {
  streamIndex: 1,
  codec: 'aac',
  isDecodable: true,
  codecString: 'mp4a.40.2',
  configuration: Uint8Array.of(0x11, 0x90),
  sampleRate: 48_000,
  channels: 2,
  language: 'und',
  title: '',
  isDefault: true,
  role: 'main',
  timeBase: { num: 1, den: 48_000 },
  startTicks: 0,
  endTicks: undefined,
  bitRate: undefined,
};

/** A keyframe every two seconds. */
const TABLE: KeyframeTable = {
  keyframes: Array.from({ length: 30 }, (_, index) => index * 180_000),
  frameGrid: undefined,
  startsClean: true,
  hasChanges: false,
  hasUntimed: false,
  isEdited: false,
  positions: undefined,
};

export interface FactsShape {
  /** Null: no video track. */
  video?: Partial<VideoTrack> | null;
  audio?: Partial<AudioTrack>[];
  /** Null: no audio track. */
  table?: Partial<KeyframeTable> | null;
  facts?: Partial<MediaFacts>;
}

export function factsOf({ video = {}, audio = [{}], table = {}, facts = {} }: FactsShape = {}): MediaFacts {
  return {
    description: {
      container: 'mpegts',
      durationSeconds: 60,
      video: video === null ? undefined : { ...VIDEO, ...video },
      audio: audio.map((each) => ({ ...AUDIO, ...each })),
      subtitles: [],
    },
    chapters: [],
    origin: { ticks: 0, timeBase: VIDEO.timeBase },
    durationSeconds: 60,
    videoStartSeconds: video === null ? undefined : 0,
    videoSeconds: video === null ? undefined : 60,
    table: table === null ? undefined : { ...TABLE, ...table },
    ...facts,
  };
}
