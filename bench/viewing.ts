// How the benchmarks view: sessions over HTTP, as a player would open them.
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { request } from './http-client.ts';

export interface Session {
  id: string;
  /** `http://127.0.0.1:40123/sessions/ID` */
  url: string;
}

/** @throws when the answer is not 200 */
export async function openSession(serverUrl: string, source: string): Promise<Session> {
  const url = `${serverUrl}/sessions`;
  const { status, body } = await request({ method: 'POST', url, json: { source }, keepBody: true });
  const id = /"id":"([^"]+)"/.exec(body.toString('utf8'))?.[1];
  if (status !== 200 || id === undefined) throw new Error(`no session: ${status} ${body.toString('utf8')}`);
  return { id, url: `${url}/${id}` };
}

export async function closeSession(session: Session): Promise<void> {
  await request({ method: 'DELETE', url: session.url });
}

/** Fetches to the last byte and gives the number of bytes. @throws when the answer is not 200 */
export async function fetchAll(url: string): Promise<number> {
  return (await fetched(url, false)).bodyBytes;
}

async function fetched(url: string, keepBody: boolean): Promise<{ bodyBytes: number; body: Buffer }> {
  const reply = await request({ method: 'GET', url, keepBody });
  if (reply.status !== 200) throw new Error(`${url}: ${reply.status} ${reply.body.toString('utf8').slice(0, 300)}`);
  return reply;
}

export interface Film extends AsyncDisposable {
  path: string;
}

/** A copy of a clip, whose date may be changed. */
export async function filmFrom(clipPath: string): Promise<Film> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-bench-'));
  const path = join(directory, basename(clipPath));
  await copyFile(clipPath, path);
  return { path, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}

/** Gives a file a new identity, so that nothing the server knows or keeps of it counts. */
let touches = 0;
export function makeCold({ path }: { path: string }): void {
  touches += 1;
  const time = Date.now() / 1000 - touches;
  utimesSync(path, time, time);
}

/** What a player loads before the first picture: both playlists, the init section and the first segment. */
export async function startPlaying(session: Session, rendition = 'original'): Promise<void> {
  await fetchAll(`${session.url}/stream.m3u8`);
  await fetchAll(`${session.url}/${rendition}/playlist.m3u8`);
  await fetchAll(`${session.url}/${rendition}/init.mp4`);
  await fetchAll(segmentUrl(session, rendition, 0));
}

export function segmentUrl(session: Session, rendition: string, number: number): string {
  return `${session.url}/${rendition}/segment${String(number).padStart(5, '0')}.m4s`;
}

/** `[start, end)` of every segment in seconds, from the playlist. */
export async function segmentTimes(session: Session, rendition: string): Promise<{ start: number; end: number }[]> {
  const { body } = await fetched(`${session.url}/${rendition}/playlist.m3u8`, true);
  let at = 0;
  return [...body.toString('utf8').matchAll(/#EXTINF:([\d.]+)/g)].map((match) => {
    const start = at;
    at += Number(match[1]);
    return { start, end: at };
  });
}
