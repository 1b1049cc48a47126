// A film of a gigabyte with 1500 cues: how soon its first cue is there, and how much of the film is read for all of them.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../test/black-box/server-process.ts';
import { FileTraffic } from './file-traffic.ts';
import { run, timed } from './measure.ts';
import type { Row } from './measure.ts';
import { openSession } from './viewing.ts';

const SECONDS = 400;
const CUES = 1500;
/** Filler makes the picture as large as wanted, whatever it shows. */
const RATE = '20M';

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
    ...(await rowsOf('Matroska with cues', film, true)),
    ...(await rowsOf('MP4', timedText, true)),
    ...(await rowsOf('Matroska without cues', unindexed, false)),
  ];
}

async function rowsOf(name: string, film: string, isIndexed: boolean): Promise<Row[]> {
  const { size } = await stat(film);
  await using server = await startServer();
  const session = await openSession(server.url, film);
  await fetch(session.url).then((reply) => reply.text());
  const traffic = FileTraffic.of(server.pid);
  let firstCueMs = NaN;
  let cues = 0;
  const wholeMs = await timed(async () => {
    const before = performance.now();
    const reply = await fetch(`${session.url}/subtitles/0.vtt`);
    for await (const chunk of reply.body ?? []) {
      const found = Buffer.from(chunk).toString('utf8').split('-->').length - 1;
      if (found > 0 && cues === 0) firstCueMs = performance.now() - before;
      cues += found;
    }
  });
  const share = traffic.readBytes() / size;
  const figure = `${firstCueMs.toFixed(0)} ms; all ${cues} after ${wholeMs.toFixed(0)} ms, ${(share * 100).toFixed(2)} % of ${(size / 1e9).toFixed(2)} GB read`;
  const isComplete = cues === CUES;
  const holds = isComplete && firstCueMs < 500 && (!isIndexed || share < 0.02);
  return [{ name: `first subtitle, ${name}`, figure, limit: isIndexed ? '500 ms and 2 %' : '500 ms', holds }];
}

function cue(index: number): string {
  const clock = (ms: number) => new Date(ms).toISOString().slice(11, 23).replace('.', ',');
  const startMs = Math.round((index * SECONDS * 1000) / CUES);
  return `${index + 1}\n${clock(startMs)} --> ${clock(startMs + 200)}\nThis is line ${index} of the film, and it is as long as lines are\n`;
}
