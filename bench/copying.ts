// Copied segments: from nothing, after a seek, from the cache; against the ffmpeg command line making the same segment.
import { join, dirname } from 'node:path';
import { startServer } from '../test/support/servers/server-process.ts';
import { clip } from '../test/support/clips/clips.ts';
import { median, percentile, run, timed } from './measure.ts';
import type { Row } from './measure.ts';
import { fetchAll, filmFrom, makeCold, openSession, segmentTimes, segmentUrl, startPlaying } from './viewing.ts';
import type { Film } from './viewing.ts';

const ROUNDS = 12;

export async function copying(): Promise<Row[]> {
  await using film = await filmFrom(await clip('long-1080p-mkv'));
  await using server = await startServer();
  return [...(await firstSegments(server.url, film)), ...(await seeks(server.url, film))];
}

async function firstSegments(url: string, film: Film): Promise<Row[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  const warm = await openSession(url, film.path);
  const [first] = await segmentTimes(warm, 'original');
  const seconds = (first?.end ?? 2).toFixed(3);
  for (let round = 0; round < ROUNDS; round++) {
    makeCold(film);
    ours.push(await timed(async () => startPlaying(await openSession(url, film.path))));
    const output = join(dirname(film.path), 'cli.mp4');
    const copy = [
      '-v',
      'error',
      '-y',
      '-i',
      film.path,
      '-t',
      seconds,
      '-map',
      '0:v:0',
      '-c',
      'copy',
      '-movflags',
      'frag_keyframe+empty_moov',
      output,
    ];
    theirs.push(await timed(() => run('ffmpeg', copy)));
  }
  const ratio = median(ours) / median(theirs);
  return [
    row('first copied segment, cold local file: POST to last byte, p50', `${median(ours).toFixed(0)} ms`, {
      limit: '80 ms',
      holds: median(ours) <= 80,
    }),
    row('... against the ffmpeg command line making it', `${ratio.toFixed(2)} x (${median(theirs).toFixed(0)} ms)`, {
      limit: '0.35 x',
      holds: ratio <= 0.35,
    }),
  ];
}

async function seeks(url: string, film: Film): Promise<Row[]> {
  makeCold(film);
  const session = await openSession(url, film.path);
  const times = await segmentTimes(session, 'original');
  const numbers = times
    .map((_, number) => number)
    .filter((number) => number % 2 === 1)
    .toReversed();
  const uncached: number[] = [];
  for (const number of numbers) uncached.push(await timed(() => fetchAll(segmentUrl(session, 'original', number))));
  const cached: number[] = [];
  for (const number of numbers) cached.push(await timed(() => fetchAll(segmentUrl(session, 'original', number))));
  const playlist: number[] = [];
  for (let round = 0; round < 50; round++)
    playlist.push(await timed(() => fetchAll(`${session.url}/original/playlist.m3u8`)));
  return [
    row(
      'seek to an uncached copied segment, p50',
      `${median(uncached).toFixed(1)} ms (p95 ${percentile(uncached, 0.95).toFixed(0)})`,
      { limit: '50 ms', holds: median(uncached) <= 50 },
    ),
    row('cached segment, p50', `${median(cached).toFixed(1)} ms`, { limit: '5 ms', holds: median(cached) <= 5 }),
    row('media playlist, warm, p50', `${median(playlist).toFixed(1)} ms`, {
      limit: '10 ms',
      holds: median(playlist) <= 10,
    }),
  ];
}

function row(name: string, figure: string, verdict: { limit: string; holds: boolean }): Row {
  return { name, figure, ...verdict };
}
