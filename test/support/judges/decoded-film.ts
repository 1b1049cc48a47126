// What one ffmpeg process decodes from several files or URLs: numbered pictures with their times, sound with its place, and ffmpeg's words.
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

import { readFrameNumber } from './frame-counter.ts';
import { CODED_RATE } from '../clips/coded-sound.ts';
import type { NumberedPicture } from './truth.ts';

/** Size the counter is looked at in: the top fifth of a picture of 160x90. */
const CODE = { width: 160, height: 18, pictureHeight: 90 };
const TICKS = 1_000_000;
/** Standard streams come first. */
const FIRST_PIPE = 3;

export interface DecodeInput {
  /** A file or a URL. */
  source: string;
  video: boolean;
  audio: boolean;
  /** ffmpeg options before `-i`. */
  options?: readonly string[];
  /** Stream specifiers; the first of each kind when absent. */
  videoStream?: string;
  audioStream?: string;
  /** ffmpeg chooses the streams; for one input alone. */
  choosesItself?: boolean;
}

export interface DecodedSound {
  /** Timestamp of the first sample. */
  startSeconds: number;
  /** Mono at `CODED_RATE`; gaps of the timestamps are zeros. */
  samples: Float32Array;
}

export interface DecodedFilm {
  pictures: NumberedPicture[];
  sound: DecodedSound;
}

export interface Decoded {
  /** In the order of the inputs; without a track there are no pictures or samples. */
  films: DecodedFilm[];
  /** Warnings and errors. */
  messages: string[];
  exitCode: number | null;
}

export interface DecodeOptions {
  /** Times as the files state them; else each file begins at 0. */
  copyTimes: boolean;
  /** When ffmpeg is killed; what it decoded by then is kept. Never when absent. */
  limitMs?: number;
}

/** Decodes all inputs at once; one by one when one of them ends the process. A failure is told in `messages`. */
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

/** Times of the frames that the named filter saw. */
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

/** About what is written here, and about a few segments of a track that has a picture each ten seconds. */
const NO_FAULTS =
  /\[(?:rawvideo|f32le) @|Guessed Channel Layout|Could not find codec parameters|analyzeduration|no TS found|start time for stream/u;

function messagesIn(text: string, exitCode: number | null): string[] {
  const messages = text
    .split('\n')
    .filter((line) => /\[(?:warning|error|fatal|panic)\]/u.test(line) && !NO_FAULTS.test(line));
  return exitCode === 0 ? messages : [...messages, `ffmpeg ended with ${exitCode}`];
}
