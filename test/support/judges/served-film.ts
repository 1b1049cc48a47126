// Fetches a file from a server: each rendition completely, and its middle in the order of a player that seeks there first.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { inPool } from '../viewers/in-pool.ts';
import { parseMediaPlaylist, parseMultivariantPlaylist } from './playlist.ts';
import { membersOf, openSession } from '../viewers/viewer.ts';

const ANSWER_LIMIT_MS = 60_000;
/** Number of requests for session information: the server holds the first reply for some seconds. */
const PROBE_TRIES = 12;
const WIDTH = 2;
/** Number of segments in the middle. */
const MIDDLE_SEGMENTS = 2;

/** `start` fetches in order; `middle` fetches the middle first, then the end, then the start. */
export type FetchOrder = 'start' | 'middle';

export interface FetchedRendition {
  /** "original", "360p", "audio-0", "muxed" */
  name: string;
  /** Path of a file with the init section and all segments. */
  path: string;
  /** Sum of EXTINF. */
  seconds: number;
  /** Path of a file with the init section and the middle segments only. */
  middlePath: string;
  /** `[start, end)` of the middle, by EXTINF. */
  middle: readonly [number, number];
  /** Hashes of the segments, to compare the bytes of two servers. */
  segments: readonly Buffer[];
}

export interface FilmFacts {
  url: string;
  durationSeconds: number;
  /** Names of the variants with video, best first. */
  variants: string[];
  audio: string | undefined;
  info: Record<string, unknown>;
}

export type Opened = { verdict: 'plays'; facts: FilmFacts } | { verdict: 'refused'; sentence: string };

/** Opens a session and waits until the item is known. @throws AssertionError when the server replies with an error */
export async function openFilm(serverUrl: string, source: string): Promise<Opened> {
  const session = await openSession(serverUrl, source);
  const info = await knownInfo(session.url);
  if (info['status'] === 'error') return { verdict: 'refused', sentence: String(info['error']) };
  const url = `${session.url}/stream.m3u8`;
  const { variants, media } = parseMultivariantPlaylist((await answered(url)).toString('utf8'), url);
  const pictured = variants.filter((each) => each['RESOLUTION'] !== undefined);
  const audio = media.find((each) => each['TYPE'] === 'AUDIO' && each['DEFAULT'] === 'YES');
  const alone = pictured.length === 0 ? variants[0]?.['URI'] : undefined;
  return {
    verdict: 'plays',
    facts: {
      url: session.url,
      durationSeconds: Number(info['durationSeconds']),
      variants: pictured.map((each) => nameIn(each['URI'])),
      audio: audio !== undefined || alone !== undefined ? nameIn(audio?.['URI'] ?? alone) : undefined,
      info,
    },
  };
}

/** `original` when it is listed, and the smallest encoded variant. */
export function judgedVariants({ variants }: FilmFacts): string[] {
  const smallest = variants.findLast((name) => name !== 'original');
  return [...variants.filter((name) => name === 'original'), ...(smallest === undefined ? [] : [smallest])];
}

/** Fetches a rendition ("original", "audio-0", "muxed") into a directory. @throws AssertionError with the server's error */
export async function fetchFilm(
  facts: FilmFacts,
  name: string,
  { directory, order }: { directory: string; order: FetchOrder },
): Promise<FetchedRendition> {
  const url = `${facts.url}/${name === 'muxed' ? 'stream/child.m3u8' : `${name}/playlist.m3u8`}`;
  const playlist = parseMediaPlaylist((await answered(url)).toString('utf8'), url);
  const count = playlist.segments.length;
  const middle = Math.floor(count / 2);
  const numbers = Array.from({ length: count }, (_, number) =>
    order === 'start' ? number : (number + middle) % count,
  );
  const found = new Map<number, Buffer>();
  await inPool(numbers, WIDTH, async (number) => {
    found.set(number, await answered(playlist.segments[number]?.uri ?? ''));
  });
  const init = playlist.initUri === undefined ? Buffer.alloc(0) : await answered(playlist.initUri);
  const segments = [...playlist.segments.keys()].map((number) => found.get(number) ?? Buffer.alloc(0));
  const extension = name === 'muxed' ? 'ts' : 'mp4';
  const path = join(directory, `${name}-${order}.${extension}`);
  const middlePath = join(directory, `${name}-${order}-middle.${extension}`);
  await writeFile(path, Buffer.concat([init, ...segments]));
  await writeFile(middlePath, Buffer.concat([init, ...segments.slice(middle, middle + MIDDLE_SEGMENTS)]));
  const starts = startsOf(playlist.segments);
  const end = starts[Math.min(middle + MIDDLE_SEGMENTS, count)] ?? 0;
  return { name, path, seconds: starts.at(-1) ?? 0, middlePath, middle: [starts[middle] ?? 0, end], segments };
}

/** Start of each segment, and end of the last one. */
function startsOf(segments: readonly { seconds: number }[]): number[] {
  const starts = [0];
  for (const { seconds } of segments) starts.push((starts.at(-1) ?? 0) + seconds);
  return starts;
}

async function knownInfo(url: string): Promise<Record<string, unknown>> {
  for (let time = 0; time < PROBE_TRIES; time += 1) {
    const info = membersOf(JSON.parse((await answered(url)).toString('utf8')));
    if (info['status'] !== 'starting') return info;
  }
  assert.fail('the server never says what the film is');
}

/** @throws AssertionError with the status and the server's error when the status is not 200 */
async function answered(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  const bytes = Buffer.from(await response.arrayBuffer());
  const place = new URL(url).pathname.split('/').slice(3).join('/');
  assert.equal(
    response.status,
    200,
    `HTTP ${response.status} for ${place}: ${bytes.subarray(0, 300).toString('utf8')}`,
  );
  return bytes;
}

function nameIn(uri: string | undefined): string {
  return /\/([^/]+)\/playlist\.m3u8$/u.exec(uri ?? '')?.[1] ?? '';
}
