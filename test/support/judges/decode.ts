// Decodes a file or URL with ffmpeg: grey frames in order of presentation, and mono audio.
import { outputOf } from '../clips/ffmpeg.ts';

export interface GreyFrame {
  width: number;
  height: number;
  /** One byte per pixel, rows from the top. */
  pixels: Uint8Array;
}

export interface FrameOptions {
  /** ffmpeg options before `-i`. */
  inputOptions?: readonly string[];
  /** ffmpeg video filters. */
  filter?: string;
}

/** Every frame of the first video track at its own size, upright. */
export async function* framesOf(
  source: string,
  { inputOptions = [], filter = 'null' }: FrameOptions = {},
): AsyncGenerator<GreyFrame> {
  const input = ['-hide_banner', '-loglevel', 'error', '-threads', '2', ...inputOptions, '-i', source];
  const output = ['-map', '0:v:0', '-fps_mode', 'passthrough', '-vf', filter, '-pix_fmt', 'gray', '-c:v', 'pgm'];
  let chunks: Uint8Array[] = [];
  let held = 0;
  let wanted = 1;
  for await (const chunk of outputOf('ffmpeg', [...input, ...output, '-f', 'image2pipe', 'pipe:1'])) {
    chunks.push(chunk);
    held += chunk.length;
    if (held < wanted) continue;
    let rest: Uint8Array = Buffer.concat(chunks);
    for (let header = pgmHeader(rest); header !== undefined; header = pgmHeader(rest)) {
      const { width, height, start } = header;
      wanted = start + width * height;
      if (rest.length < wanted) break;
      yield { width, height, pixels: rest.subarray(start, wanted) };
      rest = rest.subarray(wanted);
      wanted = 1;
    }
    chunks = [rest];
    held = rest.length;
  }
}

export interface SoundOptions {
  /** Index of the audio track. */
  track?: number;
  /** Timestamp of the first returned sample: silence is prepended to a track that starts later. */
  originSeconds?: number;
  inputOptions?: readonly string[];
}

/** The samples of an audio track, mixed to mono at 48 kHz. Gaps in the timestamps are filled with zeros. */
export async function samplesOf(
  source: string,
  { track = 0, originSeconds = 0, inputOptions = [] }: SoundOptions = {},
): Promise<Float32Array> {
  const placed = `aresample=48000:async=1:min_hard_comp=0.005:first_pts=${Math.round(originSeconds * 48000)}`;
  const input = ['-hide_banner', '-loglevel', 'error', '-copyts', ...inputOptions, '-i', source];
  const output = ['-map', `0:a:${track}`, '-af', placed, '-ac', '1', '-f', 'f32le', 'pipe:1'];
  const chunks: Uint8Array[] = [];
  for await (const chunk of outputOf('ffmpeg', [...input, ...output])) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => bytes.readFloatLE(i * 4));
}

function pgmHeader(bytes: Uint8Array): { width: number; height: number; start: number } | undefined {
  const text = Buffer.from(bytes.subarray(0, 32)).toString('latin1');
  const match = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(text);
  if (match === null) return undefined;
  return { width: Number(match[1]), height: Number(match[2]), start: match[0].length };
}
