// Memory of a server at rest and of its workers, and what is left after many short sessions.
import { existsSync, readdirSync } from 'node:fs';
import { startServer } from '../test/support/servers/server-process.ts';
import type { ServerProcess } from '../test/support/servers/server-process.ts';
import { clip } from '../test/support/clips/clips.ts';
import { childrenOf, descriptors, pause, residentMb } from './measure.ts';
import type { Row } from './measure.ts';
import { request } from './http-client.ts';
import { fetchAll, openSession, segmentUrl } from './viewing.ts';

const SETTLE_MS = 3000;

export async function footprint(cycles: number): Promise<Row[]> {
  await using server = await startServer({ env: { RAFFI_LOG_LEVEL: 'warn', RAFFI_SESSIONS_PER_MINUTE: '100000' } });
  await pause(SETTLE_MS);
  const idle = residentMb(server.pid);
  await cycle(server, 20);
  const worker = Math.max(...childrenOf(server.pid).map(residentMb));
  const rows: Row[] = [
    { name: 'idle server, resident', figure: `${idle.toFixed(0)} MB`, limit: '120 MB', holds: idle <= 120 },
    {
      name: 'a warm worker after 20 films, resident',
      figure: `${worker.toFixed(0)} MB`,
      limit: '100 MB',
      holds: worker <= 100,
    },
  ];
  return [...rows, ...(await cyclesLeaveNothing(server, cycles))];
}

interface Holdings {
  residentMb: number;
  descriptors: number;
  children: number;
  directories: number;
}

async function cyclesLeaveNothing(server: ServerProcess, cycles: number): Promise<Row[]> {
  await pause(SETTLE_MS);
  const before = holdings(server);
  await cycle(server, cycles);
  await pause(2 * SETTLE_MS);
  const after = holdings(server);
  const grown = (key: keyof Holdings) => after[key] - before[key];
  const holds =
    grown('residentMb') <= 40 && grown('descriptors') <= 2 && grown('children') <= 0 && grown('directories') <= 0;
  return [
    {
      name: `${cycles} create-seek-cleanup cycles: growth`,
      figure: `${grown('residentMb').toFixed(0)} MB, ${grown('descriptors')} descriptors, ${grown('children')} children, ${grown('directories')} directories`,
      limit: '40 MB, 2, 0, 0',
      holds,
    },
  ];
}

function holdings(server: ServerProcess): Holdings {
  const { tmp } = server.home;
  return {
    residentMb: residentMb(server.pid),
    descriptors: descriptors(server.pid),
    children: childrenOf(server.pid).length,
    directories: existsSync(tmp) ? readdirSync(tmp).length : 0,
  };
}

async function cycle(server: ServerProcess, times: number): Promise<void> {
  const film = await clip('mp4-faststart');
  for (let round = 0; round < times; round++) {
    const session = await openSession(server.url, film);
    await fetchAll(`${session.url}/stream/child.m3u8`);
    await fetchAll(segmentUrl(session, 'original', round % 5));
    await fetchAll(`${session.url}/stream/child.m3u8?seek=${30 + (round % 20)}&seek_id=${round}`);
    await fetchAll(segmentUrl(session, 'original', 5));
    await request({ method: 'POST', url: `${server.url}/cleanup?id=${session.id}` });
  }
}
