// A reader of a torrent's data file, without an engine: the reports and the bytes that an engine would write are made by the test.
import assert from 'node:assert/strict';
import { mkdtempDisposableSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { TorrentFileReader } from '../../../../src/sources/torrent/engine-client/torrent-file-reader.ts';
import { TorrentReplica } from '../../../../src/sources/torrent/engine-client/torrent-replica.ts';
import type { EngineOrder, ReaderOrder } from '../../../../src/torrent-engine/protocol/engine-protocol.ts';
import { appError } from '../../opened.ts';
import { noise } from '../running-engine.ts';

const MIB = 2 ** 20;
const PIECE_BYTES = 256 * 1024;
const PIECE_BLOCKS = PIECE_BYTES / (16 * 1024);
/** The file begins in the middle of a block of the torrent. */
const FILE_START = 5000;
const CONTENT = noise(8 * MIB + 12_345);
const FILE = CONTENT.subarray(FILE_START);
const INFO_HASH = 'a'.repeat(40);
const never = AbortSignal.any([]);

/** A torrent whose bytes are all in the data file; the engine has not reported any of them. */
class DataFile implements Disposable {
  readonly orders: ReaderOrder[] = [];
  readonly path: string;
  readonly replica: TorrentReplica;
  readonly #directory: Disposable;
  #readers = 0;

  constructor() {
    const directory = mkdtempDisposableSync(join(tmpdir(), 'raffi-reader-'));
    this.#directory = directory;
    this.path = join(directory.path, 'data');
    writeFileSync(this.path, CONTENT);
    const send = (order: EngineOrder) => void (order.type === 'reader' && this.orders.push(order));
    this.replica = new TorrentReplica(INFO_HASH, 'film', send);
    const file = { index: 0, path: 'film.mkv', sizeBytes: FILE.length, isPadding: false, start: FILE_START };
    this.replica.apply({
      type: 'metadata',
      infoHash: INFO_HASH,
      name: 'film',
      files: [file],
      totalBytes: CONTENT.length,
      pieceBytes: PIECE_BYTES,
      isPrivate: false,
      metainfo: new Uint8Array(),
      dataPath: this.path,
      claimed: new Uint8Array(),
    });
  }

  get pieceCount(): number {
    return Math.ceil(CONTENT.length / PIECE_BYTES);
  }

  /** Reports pieces `[start, end)` as verified. */
  verify(start: number, end: number): void {
    const pieces = Uint32Array.from({ length: end - start }, (_, index) => start + index);
    this.replica.apply({ type: 'verified', infoHash: INFO_HASH, pieces });
  }

  evict(piece: number): void {
    const ranges = Uint32Array.of(piece * PIECE_BLOCKS, (piece + 1) * PIECE_BLOCKS);
    this.replica.apply({ type: 'lost', infoHash: INFO_HASH, ranges, why: 'evicted', ticket: 1 });
  }

  reader(start = 0, end = FILE.length): TorrentFileReader {
    this.#readers += 1;
    const send = (order: EngineOrder) => void (order.type === 'reader' && this.orders.push(order));
    const how = { profile: 'player', verifiedOnly: false, fileStart: FILE_START } as const;
    return new TorrentFileReader({ ...how, id: this.#readers, replica: this.replica, send, range: { start, end } });
  }

  [Symbol.dispose](): void {
    void this.replica.remove();
    this.#directory[Symbol.dispose]();
  }
}

/** Reads to the end, or to `limit`, into one buffer that is used again and again. */
async function readOn(reader: TorrentFileReader, bufferBytes: number, limit = Infinity): Promise<Buffer> {
  const buffer = Buffer.alloc(bufferBytes);
  const parts: Buffer[] = [];
  while (reader.position < limit) {
    const bytesRead = await reader.read(buffer, never);
    if (bytesRead === 0) break;
    parts.push(Buffer.from(buffer.subarray(0, bytesRead)));
  }
  return Buffer.concat(parts);
}

test('ranges are exact, wherever they begin and end in blocks, pieces and buffers', async () => {
  using data = new DataFile();
  data.verify(0, data.pieceCount);
  for (const [start, end, bufferBytes] of [
    [0, FILE.length, PIECE_BYTES],
    [0, 1, 10],
    [PIECE_BYTES - FILE_START - 1, PIECE_BYTES - FILE_START + 1, PIECE_BYTES],
    [1_234_567, 5_432_101, 100_003],
    [FILE.length - 1, FILE.length, MIB],
  ] as const) {
    using reader = data.reader(start, end);
    const bytes = await readOn(reader, bufferBytes);
    assert.ok(bytes.equals(FILE.subarray(start, end)), `[${start}, ${end})`);
    assert.equal(reader.position, end);
  }
});

test('a read gives what is there before a missing piece, the next one waits for it, and then goes on', async () => {
  using data = new DataFile();
  data.verify(0, 10);
  data.verify(11, data.pieceCount);
  using reader = data.reader();
  const gap = { start: 10 * PIECE_BYTES - FILE_START, end: 11 * PIECE_BYTES - FILE_START };
  const before = await readOn(reader, 3 * PIECE_BYTES, gap.start);
  assert.equal(reader.position, gap.start);
  const rest = readOn(reader, 3 * PIECE_BYTES);
  await delay(50);
  assert.equal(reader.position, gap.start);
  assert.equal(data.orders.at(-1)?.isWaiting, true);
  data.verify(10, 11);
  assert.ok(Buffer.concat([before, await rest]).equals(FILE));
});

test('a piece that is evicted while it is read is waited for, and never given', async () => {
  using data = new DataFile();
  data.verify(0, data.pieceCount);
  using reader = data.reader();
  const buffer = Buffer.alloc(PIECE_BYTES);
  // The first read of a file is done on a thread: the report arrives before its bytes.
  const reading = reader.read(buffer, never);
  data.evict(0);
  writeFileSync(data.path, Buffer.alloc(CONTENT.length));
  await delay(50);
  assert.equal(reader.position, 0);
  writeFileSync(data.path, CONTENT);
  data.verify(0, 1);
  const bytesRead = await reading;
  assert.ok(bytesRead > 0);
  assert.deepEqual(buffer.subarray(0, bytesRead), FILE.subarray(0, bytesRead));
});

test('the engine is told the position of a fast reader now and then, and always the last one', async () => {
  using data = new DataFile();
  data.verify(0, data.pieceCount);
  using reader = data.reader();
  const startedMs = performance.now();
  await readOn(reader, PIECE_BYTES / 4, 6 * MIB);
  const stopped = reader.position;
  const tookMs = performance.now() - startedMs;
  assert.ok(data.orders.length <= 3 + tookMs / 50, `${data.orders.length} reports in ${tookMs} ms`);
  await delay(80);
  const last = data.orders.at(-1)?.position ?? 0;
  assert.ok(stopped + FILE_START - last < PIECE_BYTES, `${last} was told, ${stopped} is right`);
});

test('a data file that is shorter than reported fails the read', async () => {
  using data = new DataFile();
  data.verify(0, data.pieceCount);
  truncateSync(data.path, MIB);
  using reader = data.reader();
  await assert.rejects(readOn(reader, PIECE_BYTES), appError('SOURCE_FAILED'));
});
