// Many viewers of copied films at once, and what serving costs.
import { startServer } from '../test/support/servers/server-process.ts';
import { clip } from '../test/support/clips/clips.ts';
import { bareServer } from './bare-server.ts';
import { cpuSeconds, pause, percentile } from './measure.ts';
import type { Row } from './measure.ts';
import { smallReplies } from './small-replies.ts';
import { fetchAll, filmFrom, makeCold, openSession, segmentTimes, segmentUrl } from './viewing.ts';
import type { Session } from './viewing.ts';

const VIEWERS = 64;
const WATCHED_SECONDS = 30;
/** Players hold this much before they stop asking. */
const BUFFER_SECONDS = 10;
const SERVED_BYTES = 2e9;
const MOST_CPU_PER_GB = 0.4;

export async function serving(): Promise<Row[]> {
  await using film = await filmFrom(await clip('long-1080p-mkv'));
  makeCold(film);
  await using server = await startServer({ env: { RAFFI_LOG_LEVEL: 'warn' } });
  const crowd = await watchTogether(server.url, film.path);
  const cost = await servingCost(server.url, server.pid, film.path);
  return [crowd, cost, ...(await smallReplies())];
}

/** Every viewer starts somewhere else and plays at 1x: a segment is late when its time to be shown has come and it is not there. */
async function watchTogether(url: string, film: string): Promise<Row> {
  const sessions = await Promise.all(Array.from({ length: VIEWERS }, () => openSession(url, film)));
  const [first] = sessions;
  if (!first) throw new TypeError('no viewers');
  const times = await segmentTimes(first, 'original');
  const watched = await Promise.all(
    sessions.map((session, i) => watch({ session, times, from: Math.floor((i * times.length) / (2 * VIEWERS)) })),
  );
  const late = watched.reduce((sum, viewer) => sum + viewer.late, 0);
  const waits = watched.flatMap((viewer) => viewer.waits);
  return {
    name: `${VIEWERS} viewers of copied video at 1x for ${WATCHED_SECONDS} s: late segments`,
    figure: `${late} of ${waits.length} (p95 ${percentile(waits, 0.95).toFixed(0)} ms)`,
    limit: '0',
    holds: late === 0,
  };
}

async function watch(viewer: {
  session: Session;
  times: { start: number; end: number }[];
  from: number;
}): Promise<{ late: number; waits: number[] }> {
  const { session, times, from } = viewer;
  const origin = times[from]?.start ?? 0;
  const waits: number[] = [];
  let late = 0;
  let shownSince: number | undefined;
  for (let number = from; number < times.length; number++) {
    const time = times[number];
    if (!time || time.start - origin > WATCHED_SECONDS) break;
    const playhead = shownSince === undefined ? 0 : (performance.now() - shownSince) / 1000;
    const ahead = time.start - origin - playhead;
    if (ahead > BUFFER_SECONDS) await pause((ahead - BUFFER_SECONDS) * 1000);
    const before = performance.now();
    await fetchAll(segmentUrl(session, 'original', number));
    waits.push(performance.now() - before);
    if (shownSince !== undefined && (performance.now() - shownSince) / 1000 > time.start - origin) late += 1;
    shownSince ??= performance.now();
  }
  return { late, waits };
}

async function servingCost(url: string, pid: number, film: string): Promise<Row> {
  const session = await openSession(url, film);
  const count = (await segmentTimes(session, 'original')).length;
  for (let number = 0; number < count; number++) await fetchAll(segmentUrl(session, 'original', number));
  let number = 0;
  const cost = await costOf(pid, () => fetchAll(segmentUrl(session, 'original', number++ % count)));
  await using bare = await bareServer(film, 'blocks');
  const bareCost = await costOf(bare.pid, () => fetchAll(bare.url));
  return {
    name: 'serving made segments (bare Node, the film in blocks of 1 MiB)',
    figure: `${cost.toFixed(2)} CPU-s/GB (${bareCost.toFixed(2)})`,
    limit: `${MOST_CPU_PER_GB}`,
    holds: cost <= MOST_CPU_PER_GB,
  };
}

/** CPU seconds per gigabyte; `send` makes the process send something, and returns the number of bytes. */
async function costOf(pid: number, send: () => Promise<number>): Promise<number> {
  const before = cpuSeconds(pid);
  let sentBytes = 0;
  while (sentBytes < SERVED_BYTES) sentBytes += await send();
  return ((cpuSeconds(pid) - before) / sentBytes) * 1e9;
}
