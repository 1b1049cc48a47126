// Reads the frame numbers of a served file: of a whole rendition, and of one segment.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOf, fetchRendition, multivariantOf, openSession, playlistOf, sessionInfo } from '../viewers/viewer.ts';
import { frameNumbersOf } from './frame-counter.ts';

/** Paths of media playlists below the URL of the session. */
export interface Routes {
  original: string | undefined;
  /** The largest encoded rendition. */
  rung: string;
  muxed: string;
}

export interface OpenedFilm {
  url: string;
  info: Record<string, unknown>;
  routes: Routes;
}

export async function openFilm(serverUrl: string, path: string): Promise<OpenedFilm> {
  const session = await openSession(serverUrl, path);
  const info = await sessionInfo(session);
  assert.equal(info['status'], 'ready', `${path}: ${String(info['error'])}`);
  const { variants } = await multivariantOf(session);
  const paths = variants.map(({ URI = '' }) => URI.slice(session.url.length + 1));
  const rung = paths.find((each) => !each.startsWith('original')) ?? '';
  const original = paths.find((each) => each.startsWith('original'));
  return { url: session.url, info, routes: { original, rung, muxed: 'stream/child.m3u8' } };
}

/** The counters of all frames of a rendition, as ffmpeg decodes them. */
export async function shownFrames(film: OpenedFilm, route: string): Promise<(number | undefined)[]> {
  const { init, segments } = await fetchRendition(`${film.url}/${route}`, { seed: 11, width: 2 });
  return numbersIn([init, ...segments], init.length > 0);
}

/** The counters of the segment at two thirds of the playlist, and the expected numbers. */
export async function framesOfPart(
  { url }: OpenedFilm,
  route: string,
  rate: number,
): Promise<{ shown: (number | undefined)[]; first: number; count: number }> {
  const { segments, initUri } = await playlistOf(`${url}/${route}`);
  const at = Math.floor((segments.length * 2) / 3);
  const part = await bytesOf(segments[at]?.uri ?? '');
  const init = initUri === undefined ? Buffer.alloc(0) : await bytesOf(initUri);
  const startSeconds = segments.slice(0, at).reduce((sum, { seconds }) => sum + seconds, 0);
  return {
    shown: await numbersIn([init, part], init.length > 0),
    first: Math.round(startSeconds * rate),
    count: Math.round((segments[at]?.seconds ?? 0) * rate),
  };
}

async function numbersIn(parts: Buffer[], isCmaf: boolean): Promise<(number | undefined)[]> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-shown-'));
  try {
    const file = join(directory, isCmaf ? 'film.mp4' : 'film.ts');
    await writeFile(file, Buffer.concat(parts));
    return await frameNumbersOf(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
