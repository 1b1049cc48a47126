// How the benchmarks view: sessions over HTTP, as a player would open them.
import { utimesSync } from 'node:fs';
import { Agent, get } from 'node:http';

import { openSession } from '../test/black-box/viewer.ts';
import type { Session } from '../test/black-box/viewer.ts';

/** Fetches to the last byte with as little work of our own as there can be. @throws when the answer is not 200 */
export function fetchAll(url: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        if (response.statusCode === 200) resolve(bytes);
        else reject(new Error(`${url}: ${response.statusCode} ${bytes.toString('utf8').slice(0, 300)}`));
      });
    });
    request.on('error', reject);
  });
}

const agent = new Agent({ keepAlive: true });

/** Gives a file a new identity, so that nothing the server knows or keeps of it counts. */
let touches = 0;
export function makeCold(path: string): void {
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
  const text = (await fetchAll(`${session.url}/${rendition}/playlist.m3u8`)).toString('utf8');
  let at = 0;
  return [...text.matchAll(/#EXTINF:([\d.]+)/g)].map((match) => {
    const start = at;
    at += Number(match[1]);
    return { start, end: at };
  });
}

export { openSession };
export type { Session };
