// What an index parser must survive: films cut short and films with flipped bytes.
import assert from 'node:assert/strict';
import { AppError } from '../../../src/base/app-error.ts';
import type { ByteReader, ContainerIndex } from '../../../src/media/index/container/container-index.ts';
import { CountedBytes } from './counted-bytes.ts';

type Parser = (reader: ByteReader) => Promise<ContainerIndex | undefined>;

const MAX_MS = 10_000;

/** Parses the bytes with and without a known size; the answer must come soon, cost few reads and keep the contract. */
export async function survive(parser: Parser, bytes: Uint8Array): Promise<ContainerIndex | undefined> {
  const startedMs = performance.now();
  const blind = new CountedBytes(bytes, { isSizeKnown: false });
  await answer(parser, blind);
  const reader = new CountedBytes(bytes);
  const index = await answer(parser, reader);
  assert.ok(performance.now() - startedMs < MAX_MS, `took ${performance.now() - startedMs} ms`);
  for (const { reads, readBytes } of [reader, blind]) {
    assert.ok(reads <= 5000, `${reads} reads`);
    assert.ok(readBytes <= 2 * bytes.byteLength + 4 * 1024 * 1024, `${readBytes} bytes read of ${bytes.byteLength}`);
  }
  if (index) keepsContract(index);
  return index;
}

/** A film whose end is missing may be refused in words instead: no index then. */
async function answer(parser: Parser, reader: ByteReader): Promise<ContainerIndex | undefined> {
  try {
    return await parser(reader);
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_MEDIA') return undefined;
    throw error;
  }
}

function keepsContract({ video, durationSeconds, chapters }: ContainerIndex): void {
  assert.ok(durationSeconds === undefined || (durationSeconds > 0 && Number.isFinite(durationSeconds)));
  for (const { startSeconds, endSeconds } of chapters) assert.ok(startSeconds <= endSeconds);
  if (!video) return;
  const { keyframes, gopStarts } = video;
  assert.ok(keyframes.length > 0);
  assert.ok(keyframes.every((time, i) => Number.isSafeInteger(time) && time > (keyframes[i - 1] ?? -Infinity)));
  assert.ok(gopStarts === undefined || gopStarts.length === keyframes.length);
  assert.ok(video.timeBase.num > 0 && video.timeBase.den > 0);
}

/** Copies with bytes flipped by a fixed sequence, within the first and the last `edge` bytes, where the tables are. */
export function* flipped(bytes: Uint8Array, { copies, flips, edge }: { copies: number; flips: number; edge: number }) {
  let state = 20240607;
  const next = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const span = Math.min(edge, bytes.byteLength);
  for (let copy = 0; copy < copies; copy++) {
    const damaged = Uint8Array.from(bytes);
    for (let flip = 0; flip < flips; flip++) {
      const at = next(2) === 0 ? next(span) : bytes.byteLength - 1 - next(span);
      damaged[at] = next(256);
    }
    yield damaged;
  }
}
