// Decodes several files or URLs in one ffmpeg process: numbered frames with their times, audio with its start, and ffmpeg's messages.
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

import { readFrameNumber } from './frame-counter.ts';
import { CODED_RATE } from '../clips/coded-sound.ts';
import type { NumberedPicture } from './truth.ts';

/** Size at which the frame counter is read: the top fifth of a frame of 160x90. */
const CODE = { width: 160, height: 18, pictureHeight: 90 };
const TICKS = 1_000_000;
/** The first descriptor after the standard streams. */
const FIRST_PIPE = 3;

export interface DecodeInput {
  /** A file or a URL. */
  source: string;
  video: boolean;
  audio: boolean;
  /** ffmpeg options before `-i`. */
  options?: readonly string[];
  /** Stream specifiers; default: the first stream of each kind. */
  videoStream?: string;
  audioStream?: string;
  /** ffmpeg selects the streams; for one input only. */
  choosesItself?: boolean;
}

export interface DecodedSound {
  /** Timestamp of the first sample. */
  startSeconds: number;
  /** Mono at `CODED_RATE`; gaps in the timestamps are zeros. */
  samples: Float32Array;
}

export interface DecodedFilm {
  pictures: NumberedPicture[];
  sound: DecodedSound;
}

export interface Decoded {
  /** In the order of the inputs; empty for an input without the track. */
  films: DecodedFilm[];
  /** Warnings and errors. */
  messages: string[];
  exitCode: number | null;
}

export interface DecodeOptions {
  /** True: times as the files state them. Default: each file starts at 0. */
  copyTimes: boolean;
  /** Time after which ffmpeg is killed; the frames decoded before are kept. Default: never. */
  limitMs?: number;
}

/** Decodes all inputs at once, or one by one when one of them ends the process. Failures are listed in `messages`. */
export async function decodeFilms(inputs: readonly DecodeInput[], options: DecodeOptions): Promise<Decoded> {
  const decoded = await decodedTogether(inputs, options);
  if (decoded.exitCode === 0 || inputs.length === 1) return decoded;
  const films: DecodedFilm[] = [];
  const messages: string[] = [];
  for (const input of inputs) {
    const one = await decodedTogether([input], options);
    films.push(...one.films);
    messages.push(...one.messages);
  }
  return { films, messages, exitCode: decoded.exitCode };
}

async function decodedTogether(
  inputs: readonly DecodeInput[],
  { copyTimes, limitMs }: DecodeOptions,
): Promise<Decoded> {
  const outputs = inputs.flatMap((input, index) => outputsOf(input, index));
  const args = [
    ...['-hide_banner', '-nostdin', '-loglevel', 'level+info', '-nostats', ...(copyTimes ? ['-copyts'] : [])],
    ...inputs.flatMap(({ source, options = [] }) => ['-threads', '1', ...options, '-i', source]),
    ...outputs.flatMap(({ args: words }, index) => [...words, `pipe:${FIRST_PIPE + index}`]),
  ];
  const { pipes, text, exitCode } = await ran(args, { count: outputs.length, limitMs });
  const films = inputs.map((): DecodedFilm => ({
    pictures: [],
    sound: { startSeconds: 0, samples: new Float32Array(0) },
  }));
  for (const [index, { kind, input }] of outputs.entries()) {
    const film = films[input];
    const bytes = pipes[index] ?? Buffer.alloc(0);
    const times = timesIn(text, `${kind}${input}`);
    if (film === undefined) continue;
    if (kind === 'v') film.pictures = picturesIn(bytes, times);
    else film.sound = { startSeconds: times[0] ?? 0, samples: samplesIn(bytes) };
  }
  return { films, messages: messagesIn(text, exitCode), exitCode };
}

interface Output {
  kind: 'v' | 'a';
  input: number;
  args: string[];
}

function outputsOf(input: DecodeInput, index: number): Output[] {
  const outputs: Output[] = [];
  const { width, height } = CODE;
  const clock = `settb=1/${TICKS},showinfo@v${index}`;
  const look = `crop=iw:floor(ih/5):0:0,scale=${width}:${height}:flags=area,format=gray,${clock}`;
  const own = input.choosesItself === true;
  const video = [
    ...(own ? ['-an'] : ['-map', `${index}:${input.videoStream ?? 'v:0'}`]),
    '-fps_mode',
    'passthrough',
    '-vf',
    look,
  ];
  if (input.video) outputs.push({ kind: 'v', input: index, args: [...video, '-f', 'rawvideo'] });
  const place = `aresample=${CODED_RATE}:async=1:min_hard_comp=0.005,asettb=1/${TICKS},ashowinfo@a${index}`;
  const audio = [
    ...(own ? ['-vn'] : ['-map', `${index}:${input.audioStream ?? 'a:0'}`]),
    '-ac',
    '1',
    '-af',
    place,
    '-f',
    'f32le',
  ];
  if (input.audio) outputs.push({ kind: 'a', input: index, args: audio });
  return outputs;
}

interface Ran {
  pipes: Buffer[];
  text: string;
  exitCode: number | null;
}

async function ran(args: string[], { count, limitMs }: { count: number; limitMs: number | undefined }): Promise<Ran> {
  const pipes = Array.from({ length: count }, () => 'pipe' as const);
  const child = spawn('ffmpeg', args, {
    stdio: ['ignore', 'ignore', 'pipe', ...pipes],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const chunks = pipes.map((_, index) => collected(child.stdio[FIRST_PIPE + index]));
  const words = collected(child.stderr);
  const exitCode = await ended;
  return { pipes: chunks.map((each) => Buffer.concat(each)), text: Buffer.concat(words).toString('utf8'), exitCode };
}

/** Filled while the stream is read. */
function collected(stream: unknown): Buffer[] {
  const chunks: Buffer[] = [];
  if (isReadable(stream)) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return chunks;
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === 'object' && stream !== null && 'on' in stream;
}

/** Times of the frames at the named filter. */
function timesIn(text: string, name: string): number[] {
  const lines = new RegExp(String.raw`showinfo@${name} @ \S+ \[info\] n:\s*\d+ pts:\s*(-?\d+)`, 'gu');
  return Array.from(text.matchAll(lines), (match) => Number(match[1]) / TICKS);
}

function picturesIn(bytes: Buffer, times: readonly number[]): NumberedPicture[] {
  const size = CODE.width * CODE.height;
  return times.slice(0, Math.floor(bytes.length / size)).map((seconds, index) => ({
    seconds,
    number: readFrameNumber(bytes.subarray(index * size, (index + 1) * size), CODE.width, CODE.pictureHeight),
  }));
}

function samplesIn(bytes: Buffer): Float32Array {
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4));
}

/** Messages about the output of this process, and about a few segments of a track with a frame every ten seconds. */
const NO_FAULTS =
  /\[(?:rawvideo|f32le) @|Guessed Channel Layout|Could not find codec parameters|analyzeduration|no TS found|start time for stream/u;

function messagesIn(text: string, exitCode: number | null): string[] {
  const messages = text
    .split('\n')
    .filter((line) => /\[(?:warning|error|fatal|panic)\]/u.test(line) && !NO_FAULTS.test(line));
  return exitCode === 0 ? messages : [...messages, `ffmpeg ended with ${exitCode}`];
}
