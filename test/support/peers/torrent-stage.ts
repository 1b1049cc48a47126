// Shared by the torrent tests: magnets, sessions, and HTTP reads with their times.
import assert from 'node:assert/strict';

import type { MadeTorrent } from './torrent-files.ts';
import { membersOf, type Session } from '../viewers/viewer.ts';

export function magnetLink(
  { infoHash }: MadeTorrent,
  hints: { peers?: readonly string[]; more?: string } = {},
): string {
  const peers = (hints.peers ?? []).map((address) => `&x.pe=${address}`).join('');
  return `magnet:?xt=urn:btih:${infoHash}${peers}${hints.more ?? ''}`;
}

/** Creates a session of kind torrent. */
export async function openTorrent(
  serverUrl: string,
  source: string,
  more: Record<string, unknown> = {},
): Promise<Session & { answeredMs: number }> {
  const before = performance.now();
  const reply = await fetch(`${serverUrl}/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ source, kind: 'torrent', ...more }),
  });
  const answeredMs = performance.now() - before;
  assert.equal(reply.status, 200, await reply.clone().text());
  const id = String(membersOf(await reply.json())['id']);
  return { id, url: `${serverUrl}/sessions/${id}`, answeredMs };
}

export async function torrentStatus(serverUrl: string, { infoHash }: MadeTorrent): Promise<Record<string, unknown>> {
  const reply = await fetch(`${serverUrl}/torrents/${infoHash}/status`);
  const text = await reply.text();
  assert.equal(reply.status, 200, text);
  return membersOf(JSON.parse(text));
}

export interface TimedBytes {
  bytes: Buffer;
  firstByteMs: number;
  /** Time to the last byte. */
  totalMs: number;
}

/** Reads `[start, end)`, and measures the times from the request on. */
export async function readRange(url: string, { start, end }: { start: number; end: number }): Promise<TimedBytes> {
  const before = performance.now();
  const reply = await fetch(url, { headers: { range: `bytes=${start}-${end - 1}` } });
  assert.equal(reply.status, 206, reply.status === 206 ? '' : await reply.text());
  const chunks: Uint8Array[] = [];
  let firstByteMs = Number.NaN;
  for await (const chunk of chunksOf(reply)) {
    if (chunks.length === 0) firstByteMs = performance.now() - before;
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), firstByteMs, totalMs: performance.now() - before };
}

/** Requests everything from `start` on, aborts after the first byte, and returns the milliseconds until that byte. */
export async function firstByteAt(url: string, start: number): Promise<number> {
  const before = performance.now();
  const leave = new AbortController();
  const reply = await fetch(url, { headers: { range: `bytes=${start}-` }, signal: leave.signal });
  assert.equal(reply.status, 206);
  await chunksOf(reply).next();
  const waited = performance.now() - before;
  leave.abort();
  return waited;
}

/** The body in chunks as they arrive. */
export async function* chunksOf(reply: Response): AsyncGenerator<Uint8Array> {
  const body: AsyncIterable<unknown> = reply.body ?? assert.fail('no body');
  for await (const chunk of body) {
    assert.ok(chunk instanceof Uint8Array);
    yield chunk;
  }
}
