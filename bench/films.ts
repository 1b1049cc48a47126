// The films that people have: 1080p H.264 in Matroska with the audio codecs of discs, beside the easy one, H.264 with AAC in MP4. From nothing,
// after a seek, and after a switch of the audio track; on a server that has just started, and on a warm one.
import { rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clip } from '../test/support/clips/clips.ts';
import { startServer } from '../test/support/servers/server-process.ts';
import { median, pause, run, timed, type Row } from './measure.ts';
import { fetchAll, makeCold, openSession, segmentTimes, segmentUrl, type Session } from './viewing.ts';

const ROUNDS = 5;
const SECONDS = 300;
/** By then a server that has just started has its warm worker. */
const SETTLE_MS = 1500;
const START_LIMIT_MS = 200;
const EASY_START_LIMIT_MS = 100;
const SEEK_LIMIT_MS = 150;
const SWITCH_LIMIT_MS = 200;

interface Kind {
  name: string;
  extension: string;
  audio: readonly string[];
}

const EASY: Kind = { name: 'AAC in MP4', extension: 'mp4', audio: ['-c:a', 'aac', '-b:a', '160k', '-ac', '2'] };
const KINDS: Kind[] = [
  EASY,
  { name: 'AC-3 5.1 in MKV', extension: 'mkv', audio: ['-c:a', 'ac3', '-b:a', '448k', '-ac', '6'] },
  { name: 'E-AC-3 5.1 in MKV', extension: 'mkv', audio: ['-c:a', 'eac3', '-b:a', '640k', '-ac', '6'] },
  {
    name: 'DTS 5.1 in MKV',
    extension: 'mkv',
    audio: ['-c:a', 'dca', '-strict', '-2', '-b:a', '1509k', '-ac', '6', '-channel_layout', '5.1(side)'],
  },
];

export async function films(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-films-'));
  try {
    const rows: Row[] = [];
    for (const kind of KINDS) {
      const path = join(directory, `${kind.audio[1]}.${kind.extension}`);
      await makeFilm(kind, path);
      rows.push(...(await measured(kind, path)));
    }
    return rows;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Two audio tracks of noise with a tone that comes and goes. */
async function makeFilm({ audio }: Kind, path: string): Promise<void> {
  const noise = (seed: number): string =>
    `anoisesrc=a=0.1:r=48000:seed=${seed}[n];sine=f=440:b=4:r=48000[s];[n][s]amix,aformat=channel_layouts=mono`;
  await run('ffmpeg', [
    ...['-v', 'error', '-y', '-stream_loop', '-1', '-i', await clip('long-1080p')],
    ...[1, 2].flatMap((seed) => ['-f', 'lavfi', '-i', noise(seed)]),
    ...['-map', '0:v', '-map', '1:a', '-map', '2:a', '-t', String(SECONDS), '-c:v', 'copy', ...audio],
    ...['-movflags', '+faststart', path],
  ]);
}

interface Times {
  start: number[];
  seek: number[];
  change: number[];
}

async function measured(kind: Kind, path: string): Promise<Row[]> {
  const cold: Times = { start: [], seek: [], change: [] };
  const warm: Times = { start: [], seek: [], change: [] };
  const cli: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await using server = await startServer();
    await pause(SETTLE_MS);
    for (const times of [cold, warm]) {
      makeCold({ path });
      await view(server.url, path, times);
    }
    cli.push(await timed(() => run('ffmpeg', commandLine(path))));
  }
  const easy = kind === EASY;
  const startLimit = easy ? EASY_START_LIMIT_MS : START_LIMIT_MS;
  return [
    row(`${kind.name}: start on a fresh server, to the first segments`, cold.start, {
      warm: warm.start,
      limit: startLimit,
    }),
    row(`${kind.name}: seek to uncached segments`, cold.seek, { warm: warm.seek, limit: SEEK_LIMIT_MS }),
    row(`${kind.name}: switch to the other audio track`, cold.change, { warm: warm.change, limit: SWITCH_LIMIT_MS }),
    {
      name: `${kind.name}: the ffmpeg command line making the segment of the seek`,
      figure: `${median(cli).toFixed(0)} ms`,
      limit: '',
      holds: true,
    },
  ];
}

/** Four seconds in the middle, video copied and the audio encoded to AAC. */
function commandLine(path: string): string[] {
  const output = ['-map', '0:v:0', '-map', '0:a:0', '-c:v', 'copy', '-c:a', 'aac', '-b:a', '160k', '-ac', '2'];
  return [
    '-v',
    'error',
    '-y',
    '-ss',
    String(SECONDS / 2),
    '-i',
    path,
    '-t',
    '4',
    ...output,
    '-f',
    'mpegts',
    '/dev/null',
  ];
}

async function view(url: string, path: string, { start, seek, change }: Times): Promise<void> {
  let session: Session | undefined;
  start.push(
    await timed(async () => {
      session = await openSession(url, path);
      await fetchAll(`${session.url}/stream.m3u8`);
      await Promise.all(['original', 'audio-0'].map((name) => first(session, name)));
    }),
  );
  if (!session) return;
  const opened = session;
  const at = async (name: string, seconds: number): Promise<string> => {
    const times = await segmentTimes(opened, name);
    return segmentUrl(
      opened,
      name,
      times.findIndex(({ end }) => end > seconds),
    );
  };
  const middle = [await at('original', SECONDS / 2), await at('audio-0', SECONDS / 2)];
  seek.push(await timed(() => Promise.all(middle.map(fetchAll))));
  change.push(
    await timed(async () => {
      await fetchAll(`${opened.url}/audio-1/playlist.m3u8`);
      await fetchAll(`${opened.url}/audio-1/init.mp4`);
      await fetchAll(await at('audio-1', SECONDS / 2));
    }),
  );
}

async function first(session: Session | undefined, name: string): Promise<void> {
  if (!session) return;
  await fetchAll(`${session.url}/${name}/playlist.m3u8`);
  await fetchAll(`${session.url}/${name}/init.mp4`);
  await fetchAll(segmentUrl(session, name, 0));
}

function row(name: string, times: readonly number[], { warm, limit }: { warm: readonly number[]; limit: number }): Row {
  const ms = median(times);
  return {
    name,
    figure: `${ms.toFixed(0)} ms (warm ${median(warm).toFixed(0)})`,
    limit: `${limit} ms`,
    holds: ms <= limit,
  };
}
