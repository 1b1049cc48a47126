// Everything a server answers about a clip, as digests: to compare two versions of the program, and to notice any change of what is served.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** By path below the session, without the session's id. */
export type RecordedAnswers = Record<string, string>;

const HEADERS = ['content-type', 'content-length', 'cache-control', 'accept-ranges', 'access-control-allow-origin'];

/** The digest of a file. */
export async function fileDigest(path: string): Promise<string> {
  return digestOf(await readFile(path));
}

/** Plays all of the clip: every playlist, init section and segment of every rendition, and subtitles. */
export async function recordAnswers(serverUrl: string, clipPath: string): Promise<RecordedAnswers> {
  const created = await fetch(`${serverUrl}/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ source: clipPath }),
  });
  const body: unknown = await created.json();
  const id = typeof body === 'object' && body !== null && 'id' in body ? String(body.id) : '';
  const base = `${serverUrl}/sessions/${id}/`;
  const answers: RecordedAnswers = {};
  const record = async (path: string): Promise<string> => {
    const reply = await fetch(base + path);
    const bytes = Buffer.from(await reply.arrayBuffer());
    const headers = HEADERS.map((name) => `${name}: ${reply.headers.get(name)}`);
    answers[path] = [reply.status, digestOf(bytes), ...headers].join('; ');
    return bytes.toString('utf8');
  };
  const children = namesIn(await record('stream.m3u8'));
  for (const playlist of [...children, 'stream/child.m3u8']) {
    const folder = playlist.slice(0, playlist.lastIndexOf('/') + 1);
    for (const name of namesIn(await record(playlist))) await record(folder + name);
  }
  await fetch(base.slice(0, -1), { method: 'DELETE' });
  return answers;
}

/** Of a playlist: its lines and its attributes `URI`. */
function namesIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return [...new Set([...lines, ...[...text.matchAll(/URI="([^"]+)"/gu)].map(([, uri]) => uri ?? '')])];
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
