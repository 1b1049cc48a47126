// The audio of a file as ffmpeg decodes it, per channel, sample after sample, without regard to timestamps.
import { outputOf } from './ffmpeg.ts';

export interface SampleOptions {
  /** Index of the audio track. */
  track?: number;
  rate?: number;
  /** ffmpeg's audio filter, applied before the rate is converted. */
  filter?: string;
  channels?: number;
  inputOptions?: readonly string[];
}

/** Interleaved floats. */
export async function pcmOf(
  source: string,
  { track = 0, rate = 48_000, filter = 'anull', channels = 1, inputOptions = [] }: SampleOptions = {},
): Promise<Float32Array> {
  const input = ['-hide_banner', '-loglevel', 'fatal', '-threads', '1', ...inputOptions, '-i', source];
  const output = ['-map', `0:a:${track}`, '-af', filter, '-ac', String(channels), '-ar', String(rate)];
  const chunks: Uint8Array[] = [];
  for await (const chunk of outputOf('ffmpeg', [...input, ...output, '-f', 'f32le', 'pipe:1'])) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const samples = new Float32Array(Math.floor(bytes.length / 4));
  new Uint8Array(samples.buffer).set(bytes.subarray(0, samples.length * 4));
  return samples;
}
