// The audio of the test clips: a beep with every flash in the video, over a quiet hum that makes gaps detectable.

const CHANNELS = { mono: 1, stereo: 2, '5.1': 6, '7.1': 8 } as const;

export interface Sound {
  /** Pitch of the beeps, which last 40 ms; the first starts at 0. */
  hertz: number;
  everySeconds: number;
  seconds: number;
  /** ffmpeg's name of the channel layout; default: stereo. Every channel has a hum of its own pitch under the beeps. */
  layout?: keyof typeof CHANNELS;
  rate?: number;
  /** Seconds cut from the start; the rest keeps its time. */
  skipSeconds?: number;
}

/** ffmpeg's input options for this audio. */
export function soundInput({
  hertz,
  everySeconds,
  seconds,
  layout = 'stereo',
  rate = 48000,
  skipSeconds = 0,
}: Sound): string[] {
  const phase = `mod(t\\,${everySeconds})`;
  const beep = `0.4*sin(2*PI*${hertz}*${phase})*lt(${phase}\\,0.04)`;
  const channels = Array.from({ length: CHANNELS[layout] }, (_, i) => `${beep}+0.03*sin(2*PI*${110 + 30 * i}*t)`);
  const source = `aevalsrc=exprs=${channels.join('|')}:channel_layout=${layout}:sample_rate=${rate}:duration=${seconds}`;
  return ['-f', 'lavfi', '-i', skipSeconds === 0 ? source : `${source},atrim=start=${skipSeconds}`];
}
