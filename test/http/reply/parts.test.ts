// Replies with content that is read part by part, by clients that are slow, or leave, while the content may have to be waited for, or fail.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import fastify from 'fastify';

import { AppError } from '../../../src/base/app-error.ts';
import type { ByteRange } from '../../../src/base/byte-range.ts';
import type { PartReader } from '../../../src/base/part-reader.ts';
import { BufferPool } from '../../../src/http/reply/buffer-pool.ts';
import { sendEntity } from '../../../src/http/reply/byte-range-reply.ts';
import { requestSignal } from '../../../src/http/reply/request-signal.ts';
import { chunksOf } from '../../support/peers/torrent-stage.ts';
import { until } from '../../support/servers/server-children.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** More than the buffers of both sockets hold. */
const LARGE_BYTES = 512 * MIB;

interface ContentOptions {
  sizeBytes: number;
  isQuick: boolean;
  /** The read at this position waits for the promise. */
  gap?: { position: number; filled: Promise<void> };
  /** The read at this position fails with the error, or returns no bytes. */
  broken?: { position: number; error?: Error };
}

/** Each byte tells its position. */
const byteAt = (position: number): number => (position * 31) & 0xff;

class ScriptedContent {
  readonly options: ContentOptions;
  readBytes = 0;
  disposed = 0;
  readonly buffers = new Set<ArrayBufferLike>();

  constructor(options: ContentOptions) {
    this.options = options;
  }

  open({ start, end }: ByteRange, signal: AbortSignal): PartReader {
    let position = start;
    const { gap, broken, isQuick } = this.options;
    const borders = [gap?.position, broken?.position].filter((each) => each !== undefined);
    return {
      bytes: undefined,
      isQuick,
      read: async (buffer) => {
        this.buffers.add(buffer.buffer);
        if (position === gap?.position) await Promise.race([gap.filled, aborted(signal)]);
        if (position === broken?.position && broken.error) throw broken.error;
        if (position === broken?.position) return 0;
        const limit = Math.min(end, position + buffer.length, ...borders.filter((border) => border > position));
        for (let at = position; at < limit && end < LARGE_BYTES; at += 1) buffer[at - position] = byteAt(at);
        const bytesRead = limit - position;
        position = limit;
        this.readBytes += bytesRead;
        return bytesRead;
      },
      [Symbol.dispose]: () => void (this.disposed += 1),
    };
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

async function serve(content: ScriptedContent): Promise<AsyncDisposable & { url: string; port: number }> {
  const app = fastify({ forceCloseConnections: true });
  const pool = new BufferPool();
  app.get('/', (request, reply) => {
    const signal = requestSignal(reply);
    const open = async (range: ByteRange) => content.open(range, signal);
    const { sizeBytes } = content.options;
    const fixed = { contentType: 'video/mp4', cacheControl: 'no-store', etag: '"content"' };
    return sendEntity(request, reply, { entity: { ...fixed, sizeBytes, content: { open } }, pool });
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, port: Number(new URL(url).port), [Symbol.asyncDispose]: () => app.close() };
}

/** A client that has sent its request and receives nothing. */
async function silentClient(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return socket;
}

for (const isQuick of [true, false]) {
  const how = isQuick ? 'from the page cache' : 'by threads';

  test(`a range is exact over the borders of buffers, ${how}`, async () => {
    await using server = await serve(new ScriptedContent({ sizeBytes: 2 * MIB, isQuick }));
    for (const [start, end] of [
      [0, 2 * MIB],
      [256 * KIB - 1, 256 * KIB + 1],
      [12_345, 1_234_567],
      [2 * MIB - 1, 2 * MIB],
    ] as const) {
      const reply = await fetch(server.url, { headers: { range: `bytes=${start}-${end - 1}` } });
      const expected = Uint8Array.from({ length: end - start }, (_, index) => byteAt(start + index));
      assert.ok(Buffer.from(await reply.arrayBuffer()).equals(expected), `[${start}, ${end})`);
    }
  });

  test(`a client that takes nothing has two buffers at most, and its content is closed when it leaves, ${how}`, async () => {
    const content = new ScriptedContent({ sizeBytes: LARGE_BYTES, isQuick });
    await using server = await serve(content);
    const client = await silentClient(server.port);
    let before = -1;
    while (content.readBytes > before || before <= 0) {
      before = content.readBytes;
      await delay(300);
    }
    assert.ok(content.readBytes < 64 * MIB, `${content.readBytes} bytes were read`);
    assert.equal(content.buffers.size, isQuick ? 1 : 2);
    client.destroy();
    await until(() => content.disposed === 1, 10_000, 'the content is closed');
  });

  test(`bytes that are missing hold up only what follows them, ${how}`, async () => {
    const { promise: filled, resolve: fill } = Promise.withResolvers<void>();
    const gap = { position: 300_001, filled };
    const content = new ScriptedContent({ sizeBytes: 900_000, isQuick, gap });
    await using server = await serve(content);
    const reply = await fetch(server.url);
    let received = 0;
    for await (const chunk of chunksOf(reply)) {
      for (const [index, byte] of chunk.entries()) if (byte !== byteAt(received + index)) assert.fail('a wrong byte');
      received += chunk.length;
      if (received === gap.position) fill();
    }
    assert.equal(received, 900_000);
  });

  test(`a client that leaves while bytes are missing ends the wait, ${how}`, async () => {
    const gap = { position: 300_001, filled: new Promise<void>(() => undefined) };
    const content = new ScriptedContent({ sizeBytes: 900_000, isQuick, gap });
    await using server = await serve(content);
    const client = await silentClient(server.port);
    await until(() => content.readBytes === gap.position, 10_000, 'the gap is reached');
    assert.equal(content.disposed, 0);
    client.destroy();
    await until(() => content.disposed === 1, 10_000, 'the content is closed');
  });

  test(`content that fails gives an error status before the first byte and breaks the reply off later, ${how}`, async () => {
    const error = new AppError('SOURCE_CHANGED', 'A piece was corrupt');
    const at = async (position: number, failure: Error | undefined): Promise<Response> => {
      const broken = { position, ...(failure && { error: failure }) };
      await using server = await serve(new ScriptedContent({ sizeBytes: 900_000, isQuick, broken }));
      const reply = await fetch(server.url);
      if (position > 0) await assert.rejects(reply.arrayBuffer());
      return reply;
    };
    assert.ok((await at(0, error)).status >= 400);
    assert.equal((await at(500_000, error)).status, 200);
    // Content that ends early.
    assert.equal((await at(500_000, undefined)).status, 200);
  });
}
