// A viewer over HTTP: opens sessions, reads playlists, fetches segments in any order.
import assert from 'node:assert/strict';
import { inPool, shuffled } from './in-pool.ts';
import {
  parseMediaPlaylist,
  parseMultivariantPlaylist,
  type MediaPlaylist,
  type MultivariantPlaylist,
} from '../judges/playlist.ts';

export interface Session {
  id: string;
  /** `http://127.0.0.1:40123/sessions/ID` */
  url: string;
}

/** A complete rendition. */
export interface Served {
  playlist: MediaPlaylist;
  init: Buffer;
  segments: Buffer[];
}

export async function openSession(serverUrl: string, source: string): Promise<Session> {
  const response = await fetch(`${serverUrl}/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ source }),
  });
  assert.equal(response.status, 200, await response.clone().text());
  const id = membersOf(await response.json())['id'];
  assert.ok(typeof id === 'string');
  return { id, url: `${serverUrl}/sessions/${id}` };
}

export async function sessionInfo(session: Session): Promise<Record<string, unknown>> {
  const response = await fetch(session.url);
  assert.equal(response.status, 200);
  return membersOf(await response.json());
}

export async function multivariantOf(session: Session): Promise<MultivariantPlaylist> {
  const url = `${session.url}/stream.m3u8`;
  return parseMultivariantPlaylist((await bytesOf(url)).toString('utf8'), url);
}

export async function playlistOf(url: string): Promise<MediaPlaylist> {
  return parseMediaPlaylist((await bytesOf(url)).toString('utf8'), url);
}

export interface FetchOptions {
  seed: number;
  /** Concurrent requests. */
  width?: number;
}

/** Fetches every segment once, in the order of the seed. */
export async function fetchRendition(playlistUrl: string, options: FetchOptions): Promise<Served> {
  const sample = await fetchSample(playlistUrl, { ...options, share: 1 });
  const segments = sample.playlist.segments.map((_, number) => sample.segments.get(number) ?? Buffer.alloc(0));
  return { ...sample, segments };
}

/** Some segments of a rendition, by number. */
export interface Sample {
  playlist: MediaPlaylist;
  init: Buffer;
  segments: Map<number, Buffer>;
}

/** Fetches the first `share` of the segments in the order of the seed, or the chosen ones. */
export async function fetchSample(
  playlistUrl: string,
  options: FetchOptions & ({ share: number } | { choose: (count: number) => number[] }),
): Promise<Sample> {
  const { seed, width = 3 } = options;
  const playlist = await playlistOf(playlistUrl);
  const init = playlist.initUri === undefined ? Buffer.alloc(0) : await bytesOf(playlist.initUri);
  const count = playlist.segments.length;
  const order = shuffled([...playlist.segments.keys()], seed);
  const chosen = 'share' in options ? order.slice(0, Math.ceil(count * options.share)) : options.choose(count);
  const segments = new Map<number, Buffer>();
  await inPool(chosen, width, async (number) => {
    segments.set(number, await bytesOf(playlist.segments[number]?.uri ?? ''));
  });
  return { playlist, init, segments };
}

/** @throws AssertionError with the server's error when the status is not 200 */
export async function bytesOf(url: string): Promise<Buffer> {
  const response = await fetch(url);
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, 200, `${url}: ${bytes.subarray(0, 500).toString('utf8')}`);
  return bytes;
}

export function membersOf(value: unknown): Record<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null);
  return Object.fromEntries(Object.entries(value));
}
