// Judges a whole served file: each rendition, from its start and from its middle, against the expected presentation.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { compare, type CompareOptions, type Reading } from './compare.ts';
import { decodeFilms, type DecodeInput, type DecodedFilm } from './decoded-film.ts';
import {
  fetchFilm,
  judgedVariants,
  openFilm,
  type FetchedRendition,
  type FetchOrder,
  type FilmFacts,
} from './served-film.ts';
import type { Truth } from './truth.ts';

/** Playlists of video and audio may differ by less than one or two audio frames. */
const LENGTH_SECONDS = 0.1;
/** A playlist longer than expected by more than this is not fetched: hours without media have thousands of segments. */
const MAX_EXTRA_SECONDS = 60;
/** Five frames at 24 frames per second. */
const MAX_REORDER_SECONDS = 0.21;
/** A decoder that starts in the middle needs one or two packets of audio. */
const WARM_UP_SECONDS = 0.1;

export interface FilmVerdict {
  verdict: 'right' | 'wrong' | 'refused';
  /** The faults, each with its route; or the error of the server. */
  sentences: string[];
  /** The judged routes: "original", "360p", "muxed". */
  routes: string[];
  why: string[];
  /** Hashes of the segments of each rendition; independent of the order of requests. */
  hashes: Record<string, string[]>;
}

const NOTHING = { routes: [], why: [], hashes: {} };

export interface JudgeOptions extends CompareOptions {
  order: FetchOrder;
  /** Order of the muxed route, which shares nothing with the others; default `order`. */
  muxedOrder?: FetchOrder;
  /** Whether ffmpeg's messages about the served media count as faults. */
  strict?: boolean;
}

/** Fetches and judges every route of a file. Faults are returned, not thrown; only a dead server throws. */
export async function judgeFilm(
  serverUrl: string,
  source: string,
  { truths, ...options }: JudgeOptions & { truths: readonly Truth[] },
): Promise<FilmVerdict> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-judged-'));
  try {
    return await judged({ serverUrl, source, directory, truths, options });
  } catch (error) {
    const sentence = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { verdict: 'wrong', sentences: [sentence], ...NOTHING };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Work {
  serverUrl: string;
  source: string;
  directory: string;
  /** Alternatives: one of them must be right on all routes. */
  truths: readonly Truth[];
  options: JudgeOptions;
}

async function judged({ serverUrl, source, directory, truths, options }: Work): Promise<FilmVerdict> {
  const opened = await openFilm(serverUrl, source);
  if (opened.verdict === 'refused') return { verdict: 'refused', sentences: [opened.sentence], ...NOTHING };
  const { facts } = opened;
  const longest = Math.max(...truths.map(({ seconds }) => seconds));
  if (!(facts.durationSeconds < longest + MAX_EXTRA_SECONDS)) {
    const sentence = `the session is ${facts.durationSeconds} s long instead of ${longest}: nothing of it is fetched`;
    return { verdict: 'wrong', sentences: [sentence], ...NOTHING };
  }
  const { order, muxedOrder = order } = options;
  const { routes, failures } = await fetchedRoutes(facts, { directory, order, muxedOrder });
  const { films, messages } = await decodedFiles(routes);
  const candidates = truths.map((truth) => [
    ...lengthFaults(truth, [['the session', facts.durationSeconds]]),
    ...rateFaults(truth, facts),
    ...(facts.variants.length === 0 && truth.pictures.length > 0 ? ['No variant has pictures'] : []),
    ...routes
      .filter(({ video }) => (video !== undefined) === truth.pictures.length > 0)
      .flatMap((route) => routeFaults({ route, films, truth, options }).map((each) => `${route.name}: ${each}`)),
  ]);
  const best = candidates.toSorted((a, b) => a.length - b.length)[0] ?? [];
  const words = options.strict === true ? messages.map((line) => `ffmpeg says: ${line}`) : [];
  const sentences = [...failures, ...best, ...words.slice(0, 3)];
  const why = Array.isArray(facts.info['why']) ? facts.info['why'].map(String) : [];
  await fetch(facts.url, { method: 'DELETE' });
  return {
    verdict: sentences.length === 0 ? 'right' : 'wrong',
    sentences,
    routes: routes.map(({ name }) => name),
    why,
    hashes: hashesOf(routes),
  };
}

function hashesOf(routes: readonly JudgedRoute[]): Record<string, string[]> {
  const renditions = routes.flatMap(({ video, audio }) => [video, audio]).filter((each) => each !== undefined);
  const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return Object.fromEntries(renditions.map(({ name, segments }) => [name, segments.map(hashOf)]));
}

interface JudgedRoute {
  name: string;
  /** Undefined for audio alone. */
  video: FetchedRendition | undefined;
  audio: FetchedRendition | undefined;
}

/** Every route of the file, fetched; a route that cannot be fetched is a fault. */
async function fetchedRoutes(
  facts: FilmFacts,
  { directory, order, muxedOrder }: { directory: string; order: FetchOrder; muxedOrder: FetchOrder },
): Promise<{ routes: JudgedRoute[]; failures: string[] }> {
  const failures: string[] = [];
  const fetched = async (name: string): Promise<FetchedRendition | undefined> => {
    try {
      return await fetchFilm(facts, name, { directory, order: name === 'muxed' ? muxedOrder : order });
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
      return undefined;
    }
  };
  const routes: JudgedRoute[] = [];
  const audio = facts.audio === undefined ? undefined : await fetched(facts.audio);
  for (const name of judgedVariants(facts)) {
    const video = await fetched(name);
    if (video !== undefined) routes.push({ name, video, audio });
  }
  const muxed = await fetched('muxed');
  if (muxed !== undefined) {
    const video = facts.variants.length === 0 ? undefined : muxed;
    routes.push({ name: 'muxed', video, audio: facts.audio === undefined ? undefined : muxed });
  }
  if (facts.variants.length === 0 && audio !== undefined) routes.push({ name: audio.name, video: undefined, audio });
  return { routes, failures };
}

/** Decodes all files in one ffmpeg process. */
async function decodedFiles(
  routes: readonly JudgedRoute[],
): Promise<{ films: Map<string, DecodedFilm | undefined>; messages: string[] }> {
  const files = new Map<string, DecodeInput>();
  for (const { video, audio } of routes) {
    for (const path of video === undefined ? [] : [video.path, video.middlePath])
      files.set(path, { source: path, video: true, audio: video === audio });
    for (const path of audio === undefined || audio === video ? [] : [audio.path, audio.middlePath])
      files.set(path, { source: path, video: false, audio: true });
  }
  const { films, messages } = await decodeFilms([...files.values()], { copyTimes: true });
  return { films: new Map([...files.keys()].map((path, index) => [path, films[index]])), messages };
}

interface RouteWork {
  route: JudgedRoute;
  films: ReadonlyMap<string, DecodedFilm | undefined>;
  truth: Truth;
  options: JudgeOptions;
}

function routeFaults({ route: { video, audio }, films, truth, options }: RouteWork): string[] {
  const lengths: [string, number][] = [];
  if (video !== undefined) lengths.push(['the playlist', video.seconds]);
  if (audio !== undefined && audio !== video) lengths.push(['the playlist of the sound', audio.seconds]);
  const whole = { video: films.get(video?.path ?? ''), audio: films.get(audio?.path ?? '') };
  // The presentation starts with the first frame, or with the audio when there is no video.
  const origin = whole.video?.pictures[0]?.seconds ?? whole.audio?.sound.startSeconds ?? 0;
  const sentences = [...lengthFaults(truth, lengths), ...compare(truth, readingOf(whole, origin), options).sentences];
  const middle = { video: films.get(video?.middlePath ?? ''), audio: films.get(audio?.middlePath ?? '') };
  const reading = readingOf(middle, origin);
  const ranges = { pictures: pictureRange(video?.middle, reading), sound: soundRange(audio?.middle) };
  const found = compare(truth, reading, { ...options, ranges }).sentences;
  return [...sentences, ...found.map((sentence) => `the middle alone: ${sentence}`)];
}

function readingOf(
  { video, audio }: Record<'video' | 'audio', DecodedFilm | undefined>,
  originSeconds: number,
): Reading {
  const pictures = (video?.pictures ?? []).map(({ seconds, number }) => ({ seconds: seconds - originSeconds, number }));
  const sound = audio?.sound;
  if (sound === undefined) return { pictures, sound: undefined };
  return { pictures, sound: { ...sound, startSeconds: sound.startSeconds - originSeconds } };
}

/** EXTINF may count decode times: frames are then later by the reorder delay, at both ends of the range. */
function pictureRange(
  range: readonly [number, number] | undefined,
  { pictures }: Reading,
): readonly [number, number] | undefined {
  const first = pictures[0]?.seconds;
  if (range === undefined || first === undefined) return range;
  const delay = first - range[0];
  return delay > 0 && delay <= MAX_REORDER_SECONDS ? [first, range[1] + delay] : range;
}

function soundRange(range: readonly [number, number] | undefined): readonly [number, number] | undefined {
  return range === undefined ? undefined : [range[0] + WARM_UP_SECONDS, range[1]];
}

/** A frame rate above the source's wastes bits. */
function rateFaults({ pictures, frameSeconds }: Truth, { info }: FilmFacts): string[] {
  const { video } = info;
  if (typeof video !== 'object' || video === null || !('frameRate' in video)) return [];
  const isTooMuch = pictures.length > 1 && Number(video.frameRate) > 1.1 / frameSeconds;
  return isTooMuch ? [`the frame rate is said to be ${String(video.frameRate)} instead of ${1 / frameSeconds}`] : [];
}

function lengthFaults(truth: Truth, lengths: readonly (readonly [string, number])[]): string[] {
  return lengths
    .filter(([, seconds]) => !(Math.abs(seconds - truth.seconds) <= LENGTH_SECONDS + truth.frameSeconds))
    .map(([what, seconds]) => `${what} is ${seconds.toFixed(3)} s long instead of ${truth.seconds.toFixed(3)}`);
}
