// Whether an audio track can be copied, and its segments. Each segment holds a whole number of coded frames.
import { parseAudioSpecificConfig } from '../bitstream/audio-specific-config.ts';
import type { AudioTrack } from '../model/description.ts';
import type { MediaFacts } from '../model/facts.ts';
import { toTimeline } from '../model/media-clock.ts';
import type { Timeline } from '../model/timeline.ts';
import type { CopiedAudio, EncodedAudio, SilentAudio } from '../model/rendition-track.ts';
import type { Reason } from './reason.ts';
import { AAC_FRAME_SAMPLES } from '../model/samples.ts';

const SEGMENT_SECONDS = 4;

/** The first segments are short, so that playback starts early. */
const SHORT_SEGMENTS = 4;
const SHORT_SECONDS = 1;

/** Sample rates of encoded tracks; any other rate becomes 48 kHz. */
const ENCODED_RATES = [48_000, 44_100, 32_000, 24_000, 22_050, 16_000];
const ENCODED_BIT_RATE = 192_000;
const AAC_LC = 2;

/** The most channels that hls.js, AVPlayer and ADTS support. */
const MAX_COPIED_CHANNELS = 6;

/**
 * A last frame that is filled to at most this part is left out: in copied audio it comes from the rounding of the duration, in encoded audio from
 * decoder output beyond the end.
 */
const LEAST_FRAME = { copied: 0.05, encoded: 0.5, silent: 0.5 } as const;

export interface AudioPlan {
  track: CopiedAudio | EncodedAudio | SilentAudio;
  /** Samples in one coded frame. */
  frameSamples: number;
  /** Position of the first frame in samples: less than one frame after the start of the presentation. */
  phaseSamples: number;
  channels: number;
  /** The language tag as the container states it. */
  language: string;
  timeline: Timeline;
}

/** The reasons why the track cannot be copied; empty when it can. */
export function reasonsToEncodeAudio(track: AudioTrack, maxChannels = MAX_COPIED_CHANNELS): Reason[] {
  if (track.codec !== 'aac')
    return [{ code: 'audio-codec', sentence: `${track.codec} sound does not play everywhere` }];
  const config = parseAudioSpecificConfig(track.configuration);
  const isPlain =
    config.objectType === AAC_LC &&
    config.channels > 0 &&
    config.channels <= maxChannels &&
    config.frameLength === AAC_FRAME_SAMPLES;
  return isPlain ? [] : [{ code: 'audio-profile', sentence: 'this kind of AAC does not play everywhere' }];
}

/** The sentence why the track is silent; undefined when it has sound. A copied track needs no decoder. */
export function whySilent(track: AudioTrack, maxChannels = MAX_COPIED_CHANNELS): string | undefined {
  if (track.isDecodable || !reasonsToEncodeAudio(track, maxChannels).length) return undefined;
  return `There is no decoder for ${track.codec} sound`;
}

/** Plans a track: more than `maxChannels` are mixed down to two; a track that cannot be decoded becomes silence. */
export function planAudio(facts: MediaFacts, track: AudioTrack, maxChannels = MAX_COPIED_CHANNELS): AudioPlan {
  if (whySilent(track, maxChannels) !== undefined) return planSilence(facts, track.language);
  const isCopied = !reasonsToEncodeAudio(track, maxChannels).length;
  const planned = isCopied ? copiedTrack(facts, track) : encodedTrack(facts, track);
  const frameSamples = planned.kind === 'copied' ? planned.frameSamples : AAC_FRAME_SAMPLES;
  const start = toTimeline(track.startTicks, track.timeBase, { origin: facts.origin, timescale: planned.sampleRate });
  const phaseSamples = planned.kind === 'copied' ? ((start % frameSamples) + frameSamples) % frameSamples : 0;
  return {
    track: planned,
    frameSamples,
    phaseSamples,
    channels: planned.channels,
    language: track.language,
    timeline: sampleTimeline({
      seconds: facts.durationSeconds,
      sampleRate: planned.sampleRate,
      frameSamples,
      phaseSamples,
      leastFrame: LEAST_FRAME[planned.kind],
    }),
  };
}

/** A track of stereo silence as long as the presentation. */
export function planSilence({ durationSeconds }: MediaFacts, language = 'und'): AudioPlan {
  const track: SilentAudio = { kind: 'silent', sampleRate: 48_000, channels: 2 };
  const shape = { frameSamples: AAC_FRAME_SAMPLES, phaseSamples: 0 };
  const timeline = sampleTimeline({
    seconds: durationSeconds,
    sampleRate: track.sampleRate,
    ...shape,
    leastFrame: LEAST_FRAME.silent,
  });
  return { track, ...shape, channels: track.channels, language, timeline };
}

/** HE-AAC is counted in samples of its core: half the output rate, and frames of the same length. */
function copiedTrack(facts: MediaFacts, track: AudioTrack): CopiedAudio {
  const config = parseAudioSpecificConfig(track.configuration);
  return {
    kind: 'copied',
    streamIndex: track.streamIndex,
    seekStream: facts.description.video?.streamIndex ?? track.streamIndex,
    sampleRate: config.sampleRate,
    channels: config.channels,
    frameSamples: config.frameLength,
    startTicks: track.startTicks,
    configuration: track.configuration,
  };
}

/** Stereo or mono, at the source's own rate where encoders support it. */
function encodedTrack(facts: MediaFacts, track: AudioTrack): EncodedAudio {
  return {
    kind: 'encoded',
    streamIndex: track.streamIndex,
    seekStream: facts.description.video?.streamIndex ?? track.streamIndex,
    sampleRate: ENCODED_RATES.includes(track.sampleRate) ? track.sampleRate : 48_000,
    channels: track.channels === 1 ? 1 : 2,
    bitRate: track.channels === 1 ? ENCODED_BIT_RATE / 2 : ENCODED_BIT_RATE,
    startTicks: track.startTicks,
  };
}

function sampleTimeline(shape: {
  seconds: number;
  sampleRate: number;
  frameSamples: number;
  phaseSamples: number;
  leastFrame: number;
}): Timeline {
  const { seconds, sampleRate, frameSamples, phaseSamples, leastFrame } = shape;
  const total = Math.max(1, Math.ceil((seconds * sampleRate - phaseSamples) / frameSamples - leastFrame));
  const framesIn = (span: number) => Math.round((span * sampleRate) / frameSamples);
  const boundaries = [phaseSamples];
  for (let frame = 0; frame < total;) {
    frame = Math.min(total, frame + framesIn(boundaries.length <= SHORT_SEGMENTS ? SHORT_SECONDS : SEGMENT_SECONDS));
    boundaries.push(phaseSamples + frame * frameSamples);
  }
  return { timescale: sampleRate, boundaries };
}

/** Samples `[start, end)` of the frames that start within `[startSeconds, endSeconds)`: the audio of one segment of a muxed rendition. */
export function framesWithin(
  plan: AudioPlan,
  span: { startSeconds: number; endSeconds: number },
): { start: number; end: number } {
  const { frameSamples, phaseSamples, track } = plan;
  const onGrid = (seconds: number) =>
    phaseSamples +
    Math.max(0, Math.ceil((seconds * track.sampleRate - phaseSamples) / frameSamples - 1e-6)) * frameSamples;
  return { start: onGrid(span.startSeconds), end: onGrid(span.endSeconds) };
}
