// Encoded segments against the ffmpeg command line: how soon the first one is there, and what a minute costs.
import { startServer } from '../test/support/servers/server-process.ts';
import { clip } from '../test/support/clips/clips.ts';
import { cpuSeconds, median, run, timed } from './measure.ts';
import type { Row } from './measure.ts';
import { closeSession, fetchAll, openSession, segmentTimes, segmentUrl } from './viewing.ts';

const ROUNDS = 5;
const MINUTE_SECONDS = 60;
const FRAMES_PER_SECOND = 24_000 / 1001;

/** What the server's encoder is set to, but for the first four seconds of a film, for the command line. */
const X264 = [
  '-c:v',
  'libx264',
  '-preset',
  'veryfast',
  '-crf',
  '23',
  '-maxrate',
  '6M',
  '-bufsize',
  '6M',
  '-profile:v',
  'high',
  '-pix_fmt',
  'yuv420p',
];

export async function encoding(): Promise<Row[]> {
  const film = await clip('long-1080p');
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await using server = await startServer();
    const session = await openSession(server.url, film);
    const [first] = await segmentTimes(session, '1080p');
    ours.push(await timed(() => fetchAll(segmentUrl(session, '1080p', 0))));
    const frames = String(Math.round((first?.end ?? 1) * FRAMES_PER_SECOND));
    theirs.push(
      await timed(() =>
        run('ffmpeg', ['-v', 'error', '-y', '-i', film, '-frames:v', frames, '-an', ...X264, '-f', 'mp4', '/dev/null']),
      ),
    );
  }
  const ratio = median(ours) / median(theirs);
  const cost = await minuteCost(film);
  return [
    {
      name: 'first encoded 1080p segment, against the command line for the same frames, p50',
      figure: `${ratio.toFixed(2)} x (${median(ours).toFixed(0)} / ${median(theirs).toFixed(0)} ms)`,
      limit: '0.8 x',
      holds: ratio <= 0.8,
    },
    cost,
  ];
}

async function minuteCost(film: string): Promise<Row> {
  await using server = await startServer();
  const session = await openSession(server.url, film);
  const times = await segmentTimes(session, '1080p');
  const wanted = times.filter(({ end }) => end <= MINUTE_SECONDS);
  const before = cpuSeconds(server.pid);
  for (let number = 0; number < wanted.length; number++) await fetchAll(segmentUrl(session, '1080p', number));
  await closeSession(session);
  const ours = cpuSeconds(server.pid) - before;
  const seconds = wanted.at(-1)?.end ?? 0;
  const cliBefore = cpuSeconds(process.pid);
  await run('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-i',
    film,
    '-t',
    seconds.toFixed(3),
    '-an',
    ...X264,
    '-g',
    '48',
    '-f',
    'mp4',
    '/dev/null',
  ]);
  const theirs = cpuSeconds(process.pid) - cliBefore;
  const ratio = ours / theirs;
  return {
    name: 'CPU of a minute of 1080p, against the command line',
    figure: `${ratio.toFixed(2)} x (${ours.toFixed(0)} / ${theirs.toFixed(0)} s)`,
    limit: '1.05 x',
    holds: ratio <= 1.05,
  };
}
