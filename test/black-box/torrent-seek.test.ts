// How little a torrent downloads before a request is answered. The times are printed; a busy machine must be within a multiple of them.
import assert from 'node:assert/strict';
import { after, before, suite, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { sampleBytes } from '../support/servers/fault-server.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf } from '../support/peers/torrent-files.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { firstByteAt, magnetLink, openTorrent, readRange } from '../support/peers/torrent-stage.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const RATE = 2 * MIB;

/** Tolerated slowdown of a busy machine; a download of whole pieces first would exceed it. */
const PATIENCE = 6;

suite('reading a torrent out of order, from a seeder of 2 MiB/s', () => {
  const stack = new AsyncDisposableStack();
  let server: ServerProcess | undefined;
  const url = (): string => server?.url ?? assert.fail();

  before(async () => {
    server = stack.use(await startServer());
  });
  after(() => stack.disposeAsync());

  async function opened(content: Uint8Array, pieceBytes: number): Promise<{ place: string; seeder: Seeder }> {
    const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes });
    const seeder = stack.use(await Seeder.start([{ torrent, content }], { bytesPerSecond: RATE }));
    await openTorrent(url(), magnetLink(torrent, { peers: [seeder.address] }));
    return { place: `${url()}/torrents/${torrent.infoHash}`, seeder };
  }

  for (const [pieceBytes, sizeBytes] of [
    [MIB, 48 * MIB],
    [16 * MIB, 80 * MIB],
  ] as const) {
    test(`with pieces of ${pieceBytes / MIB} MiB a seek, a storm of seeks and the tail are answered soon`, async (t) => {
      const content = sampleBytes(sizeBytes, pieceBytes / MIB);
      const { place, seeder } = await opened(content, pieceBytes);
      const startMs = await firstByteAt(place, 0);
      const seeks: number[] = [];
      const fetched: number[] = [];
      for (const share of [0.5, 0.3, 0.75]) {
        const sent = await seeder.sentBytes();
        seeks.push(await firstByteAt(place, Math.floor(sizeBytes * share) + 12_345));
        fetched.push(((await seeder.sentBytes()) - sent) / KIB);
      }
      for (let count = 0; count < 15; count += 1) {
        const leave = AbortSignal.timeout(200);
        const range = `bytes=${Math.floor((sizeBytes * ((count * 7) % 15)) / 15) + 99}-`;
        await fetch(place, { headers: { range }, signal: leave })
          .then((reply) => reply.arrayBuffer())
          .catch(() => undefined);
      }
      const stormMs = await firstByteAt(place, Math.floor(sizeBytes * 0.62));
      const tail = await whilePlaying(place, () => readRange(place, { start: sizeBytes - 64 * KIB, end: sizeBytes }));
      assert.ok(tail.bytes.equals(content.subarray(-64 * KIB)));
      report(t, { startMs, seeks, fetched, stormMs, tailMs: tail.totalMs });
      assert.ok(median(seeks) < 700 * PATIENCE, `seeks ${seeks.join(' ')} ms`);
      assert.ok(median(fetched) <= 768, `fetched before a seek's first byte: ${fetched.join(' ')} KiB`);
      assert.ok(stormMs < 1200 * PATIENCE, `after the storm ${stormMs} ms`);
      assert.ok(tail.totalMs < 800 * PATIENCE, `tail ${tail.totalMs} ms`);
    });
  }

  test('a linear play fetches at most a tenth more than it serves, and one byte is one byte', async (t) => {
    const content = sampleBytes(10 * MIB, 77);
    const { place, seeder } = await opened(content, MIB);
    const probe = await readRange(place, { start: 0, end: 1 });
    assert.deepEqual([...probe.bytes], [content[0]]);
    await delay(300);
    const probed = await seeder.sentBytes();
    const all = Buffer.from(await (await fetch(place)).arrayBuffer());
    assert.ok(all.equals(content));
    const fetched = await seeder.sentBytes();
    t.diagnostic(`one byte fetched ${probed / KIB} KiB; ${fetched / KIB} KiB for ${content.length / KIB} KiB`);
    assert.ok(probed <= 3 * MIB, `${probed} bytes for one`);
    assert.ok(fetched <= content.length * 1.1, `${fetched} for ${content.length}`);
  });

  test('a player, a probe, a tail and a second file at once: none starves', async (t) => {
    const content = sampleBytes(24 * MIB, 55);
    const half = 12 * MIB;
    const torrent = torrentOf(
      [
        { path: ['a.mkv'], content: content.subarray(0, half) },
        { path: ['b.mkv'], content: content.subarray(half) },
      ],
      { pieceBytes: MIB },
    );
    const seeder = stack.use(await Seeder.start([{ torrent, content }], { bytesPerSecond: RATE }));
    await openTorrent(url(), magnetLink(torrent, { peers: [seeder.address] }));
    const place = `${url()}/torrents/${torrent.infoHash}`;
    const readers = [
      { file: 0, start: 0, end: 2 * MIB },
      { file: 0, start: 5 * MIB, end: 5 * MIB + 512 * KIB },
      { file: 0, start: half - 64 * KIB, end: half },
      { file: 1, start: 0, end: 2 * MIB },
    ];
    const times = await Promise.all(
      readers.map(async ({ file, start, end }) => {
        const read = await readRange(`${place}/${file}`, { start, end });
        const at = file * half + start;
        assert.ok(read.bytes.equals(content.subarray(at, at + end - start)), `file ${file} from ${start}`);
        return read;
      }),
    );
    t.diagnostic(times.map((time) => `${time.firstByteMs.toFixed(0)} / ${time.totalMs.toFixed(0)} ms`).join(', '));
    assert.ok(Math.max(...times.map((time) => time.firstByteMs)) < 12_000, 'each gets its first byte soon');
    // 4.6 MiB at 2 MiB/s take 2.3 s.
    assert.ok(Math.max(...times.map((time) => time.totalMs)) < 40_000);
  });
});

/** Runs `work` while another reader reads the file from its start, as a player does. */
async function whilePlaying<T>(place: string, work: () => Promise<T>): Promise<T> {
  const leave = new AbortController();
  const reply = await fetch(place, { signal: leave.signal });
  const playing = reply.arrayBuffer().catch(() => undefined);
  await delay(500);
  try {
    return await work();
  } finally {
    leave.abort();
    await playing;
  }
}

interface Figures {
  startMs: number;
  seeks: number[];
  fetched: number[];
  stormMs: number;
  tailMs: number;
}

function report(t: TestContext, { startMs, seeks, fetched, stormMs, tailMs }: Figures): void {
  const list = (numbers: number[]): string => numbers.map((number) => number.toFixed(0)).join(' ');
  t.diagnostic(
    `start ${startMs.toFixed(0)} ms, seeks ${list(seeks)} ms, before them ${list(fetched)} KiB, storm ${stormMs.toFixed(0)} ms, tail ${tailMs.toFixed(0)} ms`,
  );
}

function median(numbers: number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
