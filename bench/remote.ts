// A film on a server with ranges, on loopback: what the playlists cost, and how much later the first segment is.
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startServer } from '../test/support/servers/server-process.ts';
import { clip } from '../test/support/clips/clips.ts';
import { median } from './measure.ts';
import type { Row } from './measure.ts';
import { closeSession, fetchAll, filmFrom, makeCold, openSession, startPlaying } from './viewing.ts';

const ROUNDS = 16;

export async function remote(): Promise<Row[]> {
  await using film = await filmFrom(await clip('long-1080p-mkv'));
  await using files = await serveFile(film.path);
  await using server = await startServer();
  const share = await playlistShare(server.url, film.path, files);
  const local: number[] = [];
  const far: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    makeCold(film);
    local.push(await watch(server.url, film.path));
    makeCold(film);
    far.push(await watch(server.url, files.url));
  }
  const ratio = median(far) / median(local);
  return [
    share,
    {
      name: 'first copied segment over http on loopback, against the local file, p50',
      figure: `${ratio.toFixed(2)} x (${median(far).toFixed(0)} / ${median(local).toFixed(0)} ms)`,
      limit: '2 x',
      holds: ratio <= 2,
    },
  ];
}

/** Milliseconds from POST to the last byte of the first segment, for a viewer who leaves after that. */
async function watch(url: string, source: string): Promise<number> {
  const before = performance.now();
  const session = await openSession(url, source);
  await startPlaying(session);
  const milliseconds = performance.now() - before;
  await closeSession(session);
  return milliseconds;
}

async function playlistShare(url: string, film: string, files: FileServer): Promise<Row> {
  const session = await openSession(url, files.url);
  await fetchAll(`${session.url}/stream.m3u8`);
  await fetchAll(`${session.url}/original/playlist.m3u8`);
  await fetchAll(`${session.url}/stream/child.m3u8`);
  const share = files.sentBytes() / statSync(film).size;
  return {
    name: 'bytes of a remote film sent for all playlists',
    figure: `${(share * 100).toFixed(2)} %`,
    limit: '1 %',
    holds: share < 0.01,
  };
}

interface FileServer extends AsyncDisposable {
  url: string;
  /** Bytes of all bodies, whether anybody read them or not. */
  sentBytes(): number;
}

/** Sends from memory, which costs next to nothing: what is measured is our server. */
export async function serveFile(path: string): Promise<FileServer> {
  let sent = 0;
  const film = readFileSync(path);
  const server = createServer((request, response) => {
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = Number(match?.[1] ?? 0);
    const end = Math.min(match?.[2] ? Number(match[2]) : film.length - 1, film.length - 1);
    response.writeHead(match ? 206 : 200, {
      'accept-ranges': 'bytes',
      'content-length': end - start + 1,
      'content-type': 'video/x-matroska',
      etag: `"${statSync(path).mtimeMs}"`,
      ...(match ? { 'content-range': `bytes ${start}-${end}/${film.length}` } : {}),
    });
    const body = film.subarray(start, end + 1);
    sent += body.length;
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = addressOf(server.address());
  return {
    url: `http://127.0.0.1:${port}/film.mkv`,
    sentBytes: () => sent,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function addressOf(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new TypeError('the file server has no port');
  return address;
}
