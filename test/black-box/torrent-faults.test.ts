// Faults around torrents: the engine's process, the server, the disk. Requested bytes still arrive, or a sentence states the reason.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, open, rm, statfs, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { sampleBytes } from '../support/servers/fault-server.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf } from '../support/peers/torrent-files.ts';
import { assertSameBytes, copiedBytes, markedFilm, referenceBytes } from '../support/judges/copied-bytes.ts';
import {
  childrenOf,
  descriptorsOf,
  IS_LINUX,
  isRunning,
  until,
  type ChildProcessFacts,
} from '../support/servers/server-children.ts';
import { serverHome, startServer } from '../support/servers/server-process.ts';
import { chunksOf, magnetLink, openTorrent, readRange, torrentStatus } from '../support/peers/torrent-stage.ts';
import { bytesOf, playlistOf } from '../support/viewers/viewer.ts';

const MIB = 2 ** 20;

suite('torrents and what breaks', { skip: IS_LINUX ? false : 'looks at processes as Linux shows them' }, () => {
  test('a killed engine is replaced: a reader in progress and the next one get their bytes', async (t) => {
    await using server = await startServer();
    const content = sampleBytes(12 * MIB, 5);
    const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes: MIB });
    await using seeder = await Seeder.start([{ torrent, content }], { bytesPerSecond: 4 * MIB });
    await openTorrent(server.url, magnetLink(torrent, { peers: [seeder.address] }));
    const place = `${server.url}/torrents/${torrent.infoHash}`;
    const chunks: Uint8Array[] = [];
    let length = 0;
    let killed: ChildProcessFacts | undefined;
    for await (const chunk of chunksOf(await fetch(place))) {
      chunks.push(chunk);
      length += chunk.length;
      if (killed === undefined && length > 2 * MIB) {
        killed = engineOf(server.pid);
        process.kill(killed.pid, 'SIGKILL');
      }
    }
    assert.ok(Buffer.concat(chunks).equals(content), 'the reader went on');
    assert.ok(killed !== undefined && !isRunning(killed));
    const before = performance.now();
    const tail = await readRange(place, { start: 9 * MIB, end: 9 * MIB + 70_000 });
    assert.ok(tail.bytes.equals(content.subarray(9 * MIB, 9 * MIB + 70_000)));
    t.diagnostic(`the next reader had its bytes after ${(performance.now() - before).toFixed(0)} ms`);
    assert.ok((await seeder.sentBytes()) < 2 * content.length, 'what was there is not fetched again');
    const { code, milliseconds } = await server.end();
    assert.equal(code, 0);
    assert.ok(milliseconds < 5000, `${milliseconds} ms`);
    assert.equal(existsSync(join(server.home.tmp, 'raffi-torrents')), false, 'nothing is left');
  });

  test('a killed server: the next one keeps sessions and bytes, finds the one that was damaged, and ends clean', async (t) => {
    await using home = await serverHome();
    const first = await startServer({ home });
    const film = await markedFilm('killed');
    const torrent = torrentOf(film, { name: 'film.mp4', pieceBytes: 64 * 1024 });
    await using seeder = await Seeder.start([{ torrent, content: film }]);
    const session = await openTorrent(first.url, magnetLink(torrent, { peers: [seeder.address] }));
    const { segments } = await playlistOf(`${session.url}/original/playlist.m3u8`);
    await bytesOf(segments[0]?.uri ?? '');
    assert.ok((await bytesOf(`${first.url}/torrents/${torrent.infoHash}`)).equals(film));
    const sent = await seeder.sentBytes();
    await until(async () => (await torrentStatus(first.url, torrent))['stage'] === 'ready', 5000, 'ready');
    // The state of the download is stored every few seconds.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    const engine = engineOf(first.pid);
    await first.end('SIGKILL');
    await until(() => !isRunning(engine), 10_000, 'the engine notices that its server is gone');
    await damage(home.tmp, torrent.infoHash, 3 * MIB);

    await using second = await startServer({ home });
    const place = `${second.url}/torrents/${torrent.infoHash}`;
    const before = performance.now();
    const variants = await bytesOf(session.url.replace(first.url, second.url) + '/stream.m3u8');
    assert.match(variants.toString(), /#EXTM3U/u, "a viewer's next request succeeds");
    t.diagnostic(`playlist ${(performance.now() - before).toFixed(0)} ms after the start`);
    assert.ok((await bytesOf(place)).equals(film), 'and not one byte is wrong');
    const fetched = (await seeder.sentBytes()) - sent;
    t.diagnostic(`fetched again: ${fetched / 1024} KiB of ${film.length / 1024}`);
    assert.ok(fetched < film.length / 2, 'what was there is kept');
    assert.equal((await second.end()).code, 0);
    assert.equal(existsSync(join(home.tmp, 'raffi-torrents')), false);
  });

  test('opens and aborts leave nothing behind, and a removed torrent closes its ports and files', async (t) => {
    await using server = await startServer();
    const content = sampleBytes(16 * MIB, 8);
    const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes: 256 * 1024 });
    await using seeder = await Seeder.start([{ torrent, content }], { bytesPerSecond: 8 * MIB });
    await openTorrent(server.url, magnetLink(torrent, { peers: [seeder.address] }));
    const place = `${server.url}/torrents/${torrent.infoHash}`;
    await readRange(place, { start: 0, end: 100 });
    const engine = engineOf(server.pid);
    const abort = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        const range = `bytes=${((index * 7919) % 16) * MIB}-`;
        void fetch(place, { headers: { range }, signal: AbortSignal.timeout(60 + (index % 5) * 20) })
          .then((reply) => reply.arrayBuffer())
          .catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await until(async () => (await torrentStatus(server.url, torrent))['readers'] === 0, 5000, 'no reader is left');
    };
    await abort(20);
    const base = { server: descriptorsOf(server.pid).length, engine: descriptorsOf(engine.pid).length };
    await abort(60);
    const now = { server: descriptorsOf(server.pid).length, engine: descriptorsOf(engine.pid).length };
    t.diagnostic(`descriptors before and after: ${JSON.stringify([base, now])}`);
    assert.ok(now.server <= base.server + 5 && now.engine <= base.engine + 3);
    assert.equal((await fetch(place, { method: 'DELETE' })).status, 204);
    assert.equal(existsSync(join(server.home.tmp, 'raffi-torrents', torrent.infoHash)), false);
    await until(() => !descriptorsOf(engine.pid).some((name) => name.includes(torrent.infoHash)), 5000, 'files closed');
  });

  test(
    'a full disk holds a reader up, says so, and lets it go on when there is room',
    { skip: unableToMount() },
    async () => {
      await using home = await serverHome();
      await using stack = new AsyncDisposableStack();
      const disk = join(home.tmp, 'disk');
      await mkdir(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${24 * MIB}`, 'tmpfs', disk], { stdio: 'pipe' });
      stack.defer(() => void execFileSync('umount', ['-l', disk]));
      const server = stack.use(
        await startServer({
          home,
          env: { RAFFI_TMP_DIR: disk, RAFFI_TORRENT_MIN_FREE: '1MiB', RAFFI_TORRENT_CACHE_SIZE: '1GiB' },
        }),
      );
      const content = sampleBytes(8 * MIB, 12);
      const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes: 256 * 1024 });
      const seeder = stack.use(await Seeder.start([{ torrent, content }]));
      const { bavail, bsize } = await statfs(disk);
      await writeFile(join(disk, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - 3 * MIB)));
      await openTorrent(server.url, magnetLink(torrent, { peers: [seeder.address] }));
      const place = `${server.url}/torrents/${torrent.infoHash}`;
      const reading = bytesOf(place);
      reading.catch(() => undefined);
      await until(
        async () => (await torrentStatus(server.url, torrent))['problem'] === 'disk-full',
        20_000,
        'it says so',
      );
      assert.equal((await torrentStatus(server.url, torrent))['error'], '', 'it is not final');
      assert.equal((await fetch(`${server.url}/health`)).status, 200);
      await rm(join(disk, 'ballast'));
      assert.ok((await reading).equals(content));
    },
  );

  test('a cap smaller than the film is kept while it plays, every byte is right, and its start is fetched anew', async (t) => {
    const capBytes = 16 * MIB;
    await using server = await startServer({ env: { RAFFI_TORRENT_CACHE_SIZE: '16MiB' } });
    const content = sampleBytes(40 * MIB, 13);
    const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes: 256 * 1024 });
    await using seeder = await Seeder.start([{ torrent, content }], { bytesPerSecond: 24 * MIB });
    await openTorrent(server.url, magnetLink(torrent, { peers: [seeder.address] }));
    const place = `${server.url}/torrents/${torrent.infoHash}`;
    let mostBytes = 0;
    let at = 0;
    for await (const chunk of chunksOf(await fetch(place))) {
      assert.ok(Buffer.from(chunk).equals(content.subarray(at, at + chunk.length)), `at ${at}`);
      at += chunk.length;
      mostBytes = Math.max(mostBytes, bytesOnDisk(join(server.home.tmp, 'raffi-torrents')));
    }
    assert.equal(at, content.length);
    t.diagnostic(`at most ${(mostBytes / MIB).toFixed(1)} MiB on the disk with a cap of ${capBytes / MIB}`);
    assert.ok(mostBytes <= capBytes + 16 * MIB, `${mostBytes}`);
    const sent = await seeder.sentBytes();
    const middle = 10 * MIB;
    const again = await readRange(place, { start: middle, end: middle + MIB });
    assert.ok(again.bytes.equals(content.subarray(middle, middle + MIB)));
    assert.ok((await seeder.sentBytes()) > sent, 'it was gone, and came again');
  });

  test('an engine killed while segments are made loses no segment and no byte', async () => {
    const film = await markedFilm('plain');
    const reference = await referenceBytes(film);
    await using server = await startServer();
    const torrent = torrentOf(film, { name: 'film.mp4', pieceBytes: 256 * 1024 });
    await using seeder = await Seeder.start([{ torrent, content: film }]);
    const session = await openTorrent(server.url, magnetLink(torrent, { peers: [seeder.address] }));
    const copied = copiedBytes(session);
    await until(async () => Number((await torrentStatus(server.url, torrent))['downUsefulBytes']) > 0, 10_000, 'bytes');
    process.kill(engineOf(server.pid).pid, 'SIGKILL');
    assertSameBytes(await copied, reference);
  });
});

function engineOf(serverPid: number): ChildProcessFacts {
  const isEngine = ({ pid }: ChildProcessFacts): boolean =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('torrent-process');
  return childrenOf(serverPid).find(isEngine) ?? assert.fail('there is no engine');
}

/** Writes other bytes into the torrent's only data file, with the old size and date, as a failing disk does. */
async function damage(tmp: string, infoHash: string, at: number): Promise<void> {
  const path = join(tmp, 'raffi-torrents', infoHash, 'data');
  const { atime, mtime } = statSync(path);
  await using file = await open(path, 'r+');
  await file.write(Buffer.alloc(64, 0x55), 0, 64, at);
  await utimes(path, atime, mtime);
}

/** Disk space of the files, without holes. */
function bytesOnDisk(directory: string): number {
  let sum = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    sum += (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.blocks ?? 0) * 512;
  }
  return sum;
}

function unableToMount(): string | false {
  return IS_LINUX && process.getuid?.() === 0 ? false : 'only root on Linux can mount a small disk';
}
