// The contract of `Source`, as one suite: files, servers with and without ranges, and each of them through the endpoint.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { AppError, isAbort } from '../../src/base/app-error.ts';
import type { Source } from '../../src/sources/port/source.ts';
import { sampleBytes } from '../support/servers/fault-server.ts';

export interface ContractSubject {
  name: string;
  /** Opens a source over exactly these bytes; disposing the result closes everything that was opened for it. */
  open(content: Uint8Array): Promise<OpenSubject>;
}

export interface OpenSubject extends AsyncDisposable {
  source: Source;
}

const CONTENT = sampleBytes(3 * 1024 * 1024 + 1234);

export function testSourceContract(subject: ContractSubject): void {
  const { name } = subject;

  test(`${name}: states a stable id of 32 hex digits, another one for other bytes`, async () => {
    await using first = await subject.open(CONTENT);
    assert.match(first.source.id, /^[0-9a-f]{32}$/);
    await using other = await subject.open(sampleBytes(CONTENT.length, 2));
    assert.notEqual(other.source.id, first.source.id);
  });

  test(`${name}: reads exactly the bytes of any range`, async () => {
    await using opened = await subject.open(CONTENT);
    for (const range of ranges(CONTENT.length, 40)) {
      const bytes = await opened.source.read(range, never());
      assert.ok(Buffer.from(CONTENT.subarray(range.start, range.end)).equals(bytes), `[${range.start}, ${range.end})`);
    }
  });

  test(`${name}: reads exactly the bytes of any range alone, where it does so apart`, async () => {
    await using opened = await subject.open(CONTENT);
    const { source } = opened;
    for (const range of ranges(CONTENT.length, 20)) {
      const bytes = await source.readAlone?.(range, never());
      assert.ok(!bytes || Buffer.from(CONTENT.subarray(range.start, range.end)).equals(bytes));
    }
    const past = { start: CONTENT.length - 10, end: CONTENT.length + 500 };
    assert.equal((await source.readAlone?.(past, never()))?.length ?? 10, 10);
    const outcome = source.readAlone?.({ start: 1_500_000, end: 1_500_100 }, never()).then(
      (bytes) => assert.equal(bytes.length, 100),
      (error: unknown) => assert.ok(error instanceof AppError),
    );
    await source[Symbol.asyncDispose]();
    await outcome;
  });

  test(`${name}: a read is shorter only at the end of the source, and empty beyond it`, async () => {
    await using opened = await subject.open(CONTENT);
    const size = CONTENT.length;
    assert.equal((await opened.source.read({ start: size - 10, end: size + 500 }, never())).length, 10);
    assert.equal((await opened.source.read({ start: size, end: size + 1 }, never())).length, 0);
    assert.equal((await opened.source.read({ start: size + 5000, end: size + 9000 }, never())).length, 0);
    assert.equal((await opened.source.read({ start: 7, end: 7 }, never())).length, 0);
    assert.equal(opened.source.sizeBytes, size);
  });

  test(`${name}: gives each caller bytes of its own`, async () => {
    await using opened = await subject.open(CONTENT);
    const first = await opened.source.read({ start: 0, end: 1000 }, never());
    first.fill(0);
    const second = await opened.source.read({ start: 0, end: 1000 }, never());
    assert.ok(Buffer.from(CONTENT.subarray(0, 1000)).equals(second));
  });

  test(`${name}: streams exactly the bytes of any range, and the whole`, async () => {
    await using opened = await subject.open(CONTENT);
    for (const range of ranges(CONTENT.length, 8)) {
      assert.equal(await hashOfStream(opened.source, range), hashOf(CONTENT.subarray(range.start, range.end)));
    }
    assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
    assert.equal(await hashOfStream(opened.source, { start: CONTENT.length + 3 }), hashOf(new Uint8Array()));
  });

  test(`${name}: serves readers and streams at the same time`, async () => {
    await using opened = await subject.open(CONTENT);
    const { source } = opened;
    const reads = ranges(CONTENT.length, 20).map(async (range) => {
      const bytes = await source.read(range, never());
      assert.ok(Buffer.from(CONTENT.subarray(range.start, range.end)).equals(bytes));
    });
    const streams = ranges(CONTENT.length, 8).map(async ({ start }) => {
      assert.equal(await hashOfStream(source, { start }), hashOf(CONTENT.subarray(start)));
    });
    await Promise.all([...reads, ...streams]);
  });

  test(`${name}: an aborted read rejects with its own reason, and the others get their bytes`, async () => {
    await using opened = await subject.open(CONTENT);
    const { source } = opened;
    const range = { start: 2_000_000, end: 2_100_000 };
    const leaver = new AbortController();
    const left = source.read(range, leaver.signal);
    const stayed = source.read(range, never());
    leaver.abort();
    await assert.rejects(left, isAbort);
    assert.ok(Buffer.from(CONTENT.subarray(range.start, range.end)).equals(await stayed));
    await assert.rejects(source.read(range, AbortSignal.abort()), isAbort);
  });

  test(`${name}: a stream ends with the signal`, async () => {
    await using opened = await subject.open(CONTENT);
    const stop = new AbortController();
    await assert.rejects(async () => {
      for await (const _chunk of opened.source.stream({ start: 100 }, stop.signal)) stop.abort();
    }, isAbort);
  });

  test(`${name}: reads of a closed source reject, and a second close does nothing`, async () => {
    await using opened = await subject.open(CONTENT);
    await opened.source[Symbol.asyncDispose]();
    await opened.source[Symbol.asyncDispose]();
    await assert.rejects(opened.source.read({ start: 1_000_000, end: 1_000_001 }, never()), AppError);
    await assert.rejects(hashOfStream(opened.source, { start: 0 }), AppError);
  });

  test(`${name}: closing rejects the pending reads`, async () => {
    const opened = await subject.open(CONTENT);
    const reads = ranges(CONTENT.length, 10).map((range) =>
      opened.source.read(range, never()).then(
        (bytes) => assert.equal(bytes.length, range.end - range.start),
        (error: unknown) => assert.ok(error instanceof AppError),
      ),
    );
    await opened[Symbol.asyncDispose]();
    await Promise.all(reads);
  });
}

/** Ranges all over the file, short and long; always the same. */
function ranges(size: number, count: number): { start: number; end: number }[] {
  let state = 12345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state % below;
  };
  return Array.from({ length: count }, (_, index) => {
    const start = random(size);
    const length = 1 + random(index % 3 === 0 ? 100 : index % 3 === 1 ? 70_000 : 900_000);
    return { start, end: Math.min(size, start + length) };
  });
}

export async function hashOfStream(source: Source, range: { start: number; end?: number }): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of source.stream(range, never())) hash.update(chunk);
  return hash.digest('hex');
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function never(): AbortSignal {
  return new AbortController().signal;
}
