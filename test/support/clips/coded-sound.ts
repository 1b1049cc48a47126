// Audio that encodes its own time: noise without any repeated stretch, and a beep at each full second whose pitch states the second.
// The formula exists twice: for ffmpeg, which makes the clips, and in this module, for the comparison with decoded audio.

/** Sample rate of the generated audio; encoders get it resampled. */
export const CODED_RATE = 8000;
const BEEP_SAMPLES = 480;
const NOISE = 0.08;
const BEEP = 0.3;
const BASE_HERTZ = 500;
const STEP_HERTZ = 40;

export interface CodedSound {
  seconds: number;
  /** Second of the voice at which the audio starts; default 0. */
  firstSecond?: number;
  /** Each voice has its own noise and pitches; default 0. */
  voice?: number;
  /** Default: stereo. All channels are equal. */
  layout?: 'mono' | 'stereo' | '5.1';
}

const CHANNELS = { mono: 1, stereo: 2, '5.1': 6 } as const;

/** ffmpeg's input options for this audio, at 48 kHz unless another rate is given. */
export function codedSound({ seconds, firstSecond = 0, voice = 0, layout = 'stereo' }: CodedSound): string[] {
  const n = `(n+${Math.round(firstSecond * CODED_RATE)})`;
  const phase = `mod(${n},${CODED_RATE})`;
  // ffmpeg's `mod` is never negative.
  const noise = `${NOISE}*(2*mod(sin(${n}*12.9898+${voice})*43758.5453,1)-1)`;
  const pitch = `(${pitchOf(voice, 0)}+${STEP_HERTZ}*floor(${n}/${CODED_RATE}))`;
  const beep = `${BEEP}*lt(${phase},${BEEP_SAMPLES})*sin(2*PI*${pitch}*${phase}/${CODED_RATE})`;
  const channels = Array.from({ length: CHANNELS[layout] }, () => `${noise}+${beep}`).join('|');
  return ['-f', 'lavfi', '-i', `aevalsrc=exprs='${channels}':channel_layout=${layout}:s=${CODED_RATE}:d=${seconds}`];
}

/** Pitch of the beep at a full second. */
export function pitchOf(voice: number, second: number): number {
  return BASE_HERTZ + (STEP_HERTZ / 2) * (voice % 2) + STEP_HERTZ * second;
}

/** The first `seconds` of a voice, mono at `CODED_RATE`. */
export function codedSamples(voice: number, seconds: number): Float32Array {
  const count = Math.round(seconds * CODED_RATE);
  const samples = new Float32Array(count);
  for (let n = 0; n < count; n += 1) {
    const phase = n % CODED_RATE;
    const scattered = Math.sin(n * 12.9898 + voice) * 43758.5453;
    const noise = NOISE * (2 * (scattered - Math.floor(scattered)) - 1);
    const turns = (pitchOf(voice, Math.floor(n / CODED_RATE)) * phase) / CODED_RATE;
    samples[n] = noise + (phase < BEEP_SAMPLES ? BEEP * Math.sin(2 * Math.PI * turns) : 0);
  }
  return samples;
}
