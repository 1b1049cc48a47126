// The processor time of small replies: what a player and the desktop client ask for again and again.
import { startServer } from '../test/support/servers/server-process.ts';
import { clip } from '../test/support/clips/clips.ts';
import { cpuSeconds, type Row } from './measure.ts';
import { fetchAll, openSession } from './viewing.ts';

const WARM_UP = 3000;
const REQUESTS = 10_000;

export async function smallReplies(): Promise<Row[]> {
  await using server = await startServer({ env: { RAFFI_LOG_LEVEL: 'warn' } });
  const session = await openSession(server.url, await clip('long-1080p-mkv'));
  // 1.5 times the processor time of the Go server that this one replaces.
  const replies = [
    { name: 'media playlist', url: `${session.url}/original/playlist.m3u8`, most: 258 },
    { name: 'session', url: session.url, most: 107 },
    { name: 'root', url: `${server.url}/`, most: 87 },
  ];
  const rows: Row[] = [];
  for (const { name, url, most } of replies) {
    for (let count = 0; count < WARM_UP; count += 1) await fetchAll(url);
    const before = cpuSeconds(server.pid);
    for (let count = 0; count < REQUESTS; count += 1) await fetchAll(url);
    const microseconds = ((cpuSeconds(server.pid) - before) / REQUESTS) * 1e6;
    const figure = `${microseconds.toFixed(0)} µs`;
    rows.push({ name: `processor time of a reply: ${name}`, figure, limit: `${most} µs`, holds: microseconds <= most });
  }
  return rows;
}
