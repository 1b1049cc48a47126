// The first torrent of a server: from POST to the first byte, the playlist and a segment, while the engine's process is being started.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { markedFilm } from '../test/support/judges/copied-bytes.ts';
import { startServer } from '../test/support/servers/server-process.ts';
import { firstByteAt, magnetLink, openTorrent } from '../test/support/peers/torrent-stage.ts';
import { Seeder } from '../test/support/peers/seeder.ts';
import { torrentOf } from '../test/support/peers/torrent-files.ts';
import { median, pause, type Row } from './measure.ts';
import { fetchAll, segmentUrl } from './viewing.ts';

const MIB = 2 ** 20;
const ROUNDS = 3;
const PRIME = fileURLToPath(new URL('../scripts/prime-code-cache.ts', import.meta.url));

const LIMITS_MS: Start = { firstByte: 700, playlist: 1500, segment: 2500 };

/** Milliseconds since the POST. */
interface Start {
  firstByte: number;
  playlist: number;
  segment: number;
}

/** A magnet with a known peer at 4 MiB/s, a second after the server listens. */
export async function firstTorrents(): Promise<Row[]> {
  const film = await markedFilm('first torrent');
  return [
    ...rowsOf('first torrent of a new installation', await measure(film, { isPrimed: true }), LIMITS_MS),
    ...rowsOf('... that `npm start` has not prepared', await measure(film, { isPrimed: false })),
  ];
}

async function measure(film: Uint8Array, { isPrimed }: { isPrimed: boolean }): Promise<Start[]> {
  const starts: Start[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await using stack = new AsyncDisposableStack();
    const codeCache = await mkdtemp(join(tmpdir(), 'raffi-code-'));
    stack.defer(() => rm(codeCache, { recursive: true, force: true }));
    const env = { NODE_COMPILE_CACHE: codeCache };
    if (isPrimed) await once(spawn(process.execPath, [PRIME], { env: { ...process.env, ...env } }), 'exit');
    starts.push(await firstTorrent(film, env));
  }
  return starts;
}

async function firstTorrent(content: Uint8Array, env: Record<string, string>): Promise<Start> {
  const torrent = torrentOf(content, { name: 'film.mp4', pieceBytes: MIB });
  await using seeder = await Seeder.start([{ torrent, content }], { bytesPerSecond: 4 * MIB });
  await using server = await startServer({ env });
  await pause(1000);
  const began = performance.now();
  const since = () => performance.now() - began;
  const session = await openTorrent(server.url, magnetLink(torrent, { peers: [seeder.address] }));
  const firstByte = firstByteAt(`${server.url}/torrents/${torrent.infoHash}`, 0).then(since);
  await fetchAll(`${session.url}/original/playlist.m3u8`);
  const playlist = since();
  await fetchAll(segmentUrl(session, 'original', 0));
  return { firstByte: await firstByte, playlist, segment: since() };
}

function rowsOf(name: string, starts: readonly Start[], limits?: Start): Row[] {
  const row = (what: string, of: keyof Start): Row => {
    const milliseconds = median(starts.map((start) => start[of]));
    const limit = limits === undefined ? '' : `${limits[of]} ms`;
    const holds = limits === undefined || milliseconds <= limits[of];
    return { name: `${name}: ${what}`, figure: `${milliseconds.toFixed(0)} ms`, limit, holds };
  };
  return [row('first byte', 'firstByte'), row('playlist', 'playlist'), row('first copied segment', 'segment')];
}
