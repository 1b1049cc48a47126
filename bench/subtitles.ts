// A film of a gigabyte with 1500 cues: how soon its first cue is there, and how much of the film is read for all of them, on this machine and on a server.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../test/support/servers/server-process.ts';
import { FileTraffic } from './file-traffic.ts';
import { run, timed } from './measure.ts';
import type { Row } from './measure.ts';
import { serveFile } from './remote.ts';
import { fetchAll, openSession } from './viewing.ts';

const SECONDS = 400;
const CUES = 1500;
/** Filler makes the picture as large as wanted, whatever it shows. */
const RATE = '20M';
/** Of the film, for all of its lines. */
const SHARE = 0.02;

export async function subtitles(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-bench-'));
  try {
    return await measured(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measured(directory: string): Promise<Row[]> {
  const srt = join(directory, 'in.srt');
  await writeFile(srt, Array.from({ length: CUES }, (_, i) => cue(i)).join('\n'));
  const film = join(directory, 'film.mkv');
  const picture = ['-f', 'lavfi', '-i', `testsrc=size=320x180:rate=25:duration=${SECONDS}`];
  const sound = ['-f', 'lavfi', '-i', `sine=duration=${SECONDS}`];
  const coded = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    '50',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'aac',
    '-c:s',
    'copy',
  ];
  const filled = ['-b:v', RATE, '-maxrate', RATE, '-bufsize', RATE, '-x264-params', 'nal-hrd=cbr:force-cfr=1'];
  await run('ffmpeg', ['-v', 'error', ...picture, ...sound, '-i', srt, ...coded, ...filled, film]);
  const unindexed = join(directory, 'unindexed.mkv');
  await run('sh', ['-c', `ffmpeg -v error -i ${film} -map 0 -c copy -f matroska - > ${unindexed}`]);
  const timedText = join(directory, 'film.mp4');
  await run('ffmpeg', ['-v', 'error', '-i', film, '-map', '0', '-c', 'copy', '-c:s', 'mov_text', timedText]);
  return [
    await local('Matroska with cues', film, true),
    await local('MP4', timedText, true),
    await local('Matroska without cues', unindexed, false),
    await remote('Matroska with cues', film),
    await remote('MP4', timedText),
    await refused('Matroska without cues', unindexed),
  ];
}

async function local(name: string, film: string, isIndexed: boolean): Promise<Row> {
  await using server = await startServer();
  const session = await probed(server.url, film);
  const traffic = FileTraffic.of(server.pid);
  const reading = await read(session);
  const { size } = await stat(film);
  const share = traffic.readBytes() / size;
  const limit = isIndexed ? SHARE : Infinity;
  return row(`first subtitle, ${name}`, reading, { share, size, limit });
}

async function remote(name: string, film: string): Promise<Row> {
  const { size } = await stat(film);
  const { reading, share } = await readOverHttp(film, size);
  return row(`first subtitle over http on loopback, ${name}`, reading, { share, size, limit: SHARE });
}

/** Where a film keeps no index of its lines, a server would have to send all of it. */
async function refused(name: string, film: string): Promise<Row> {
  const { size } = await stat(film);
  const { reading, share } = await readOverHttp(film, size);
  return {
    name: `subtitles over http, ${name}`,
    figure: `status ${reading.status} after ${reading.wholeMs.toFixed(0)} ms, ${percentOf(share, size)} sent`,
    limit: 'refused, 2 %',
    holds: reading.status === 422 && share < SHARE,
  };
}

async function readOverHttp(film: string, size: number): Promise<{ reading: Reading; share: number }> {
  await using files = await serveFile(film);
  await using server = await startServer();
  const session = await probed(server.url, files.url);
  const before = files.sentBytes();
  const reading = await read(session);
  return { reading, share: (files.sentBytes() - before) / size };
}

async function probed(server: string, source: string): Promise<string> {
  const { url } = await openSession(server, source);
  await fetchAll(url);
  return url;
}

interface Reading {
  status: number;
  firstCueMs: number;
  wholeMs: number;
  cues: number;
}

async function read(session: string): Promise<Reading> {
  let [status, firstCueMs, cues] = [0, NaN, 0];
  const wholeMs = await timed(async () => {
    const before = performance.now();
    const reply = await fetch(`${session}/subtitles/0.vtt`);
    status = reply.status;
    for await (const chunk of reply.body ?? []) {
      const found = Buffer.from(chunk).toString('utf8').split('-->').length - 1;
      if (found > 0 && cues === 0) firstCueMs = performance.now() - before;
      cues += found;
    }
  });
  return { status, firstCueMs, wholeMs, cues };
}

interface Cost {
  /** Of the film, that was read. */
  share: number;
  /** Of the film, bytes. */
  size: number;
  /** What `share` must stay under. */
  limit: number;
}

function row(name: string, { firstCueMs, wholeMs, cues }: Reading, { share, size, limit }: Cost): Row {
  return {
    name,
    figure: `${firstCueMs.toFixed(0)} ms; all ${cues} after ${wholeMs.toFixed(0)} ms, ${percentOf(share, size)} read`,
    limit: limit === Infinity ? '500 ms' : '500 ms and 2 %',
    holds: cues === CUES && firstCueMs < 500 && share < limit,
  };
}

function percentOf(share: number, size: number): string {
  return `${(share * 100).toFixed(2)} % of ${(size / 1e9).toFixed(2)} GB`;
}

function cue(index: number): string {
  const clock = (ms: number) => new Date(ms).toISOString().slice(11, 23).replace('.', ',');
  const startMs = Math.round((index * SECONDS * 1000) / CUES);
  return `${index + 1}\n${clock(startMs)} --> ${clock(startMs + 200)}\nThis is line ${index} of the film, and it is as long as lines are\n`;
}
