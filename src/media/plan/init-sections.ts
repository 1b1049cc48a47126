// The init section of each kind of rendition.
import { aacLcConfig } from '../bitstream/audio-specific-config.ts';
import type { AudioPlan } from './audio-plan.ts';
import type { VideoTrack } from '../model/description.ts';
import { initSegment } from '../fmp4/init-segment.ts';
import { fineTimescale } from '../model/samples.ts';
import type { CopiedVideo, EncodedVideo } from '../model/rendition-track.ts';

const TRACK_ID = 1;

export function copiedVideoInit(source: VideoTrack, { timescale }: CopiedVideo): Uint8Array {
  return initSegment({ trackId: TRACK_ID, timescale, track: { kind: 'video', ...source } });
}

/** `configuration`: the avcC record of the encoder. */
export function encodedVideoInit(track: EncodedVideo, configuration: Uint8Array): Uint8Array {
  const { width, height, sampleAspectRatio, color } = track;
  const shape = { codec: 'h264', configuration, width, height, color, sampleAspectRatio };
  const timescale = fineTimescale(track.frameRate.num);
  return initSegment({ trackId: TRACK_ID, timescale, track: { kind: 'video', ...shape } });
}

export function audioInit({ track, language }: AudioPlan): Uint8Array {
  const configuration = track.kind === 'copied' ? track.configuration : aacLcConfig(track.sampleRate, track.channels);
  const shape = { codec: 'aac', configuration, sampleRate: track.sampleRate, channels: track.channels, language };
  const timescale = track.sampleRate;
  return initSegment({ trackId: TRACK_ID, timescale, track: { kind: 'audio', ...shape } });
}
