// A local file as a source: one open handle, positional reads, and a check that it is still the file that was opened.
import type { BigIntStats } from 'node:fs';
import { constants, open, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { digest } from '../../base/digest.ts';

import { AppError } from '../../base/app-error.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import { fileIdentity } from '../../base/file-identity.ts';
import type { MediaInput, Source } from '../port/source.ts';
import { assertRegular, fileError, inspectFile } from './inspect-file.ts';

const SAMPLE_BYTES = 16 * 1024;
const STREAM_BYTES = 256 * 1024;

export class FileSource implements Source {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly seekable = true;
  readonly input: MediaInput;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #stats: BigIntStats;
  #closed = false;

  private constructor(path: string, opened: { handle: FileHandle; stats: BigIntStats; id: string }) {
    this.#path = path;
    this.#handle = opened.handle;
    this.#stats = opened.stats;
    this.id = opened.id;
    this.name = basename(path);
    this.sizeBytes = Number(opened.stats.size);
    this.input = { kind: 'file', path, ...fileIdentity(opened.stats) };
  }

  /**
   * Opens a regular file by its absolute path; never blocks on a pipe.
   * @throws AppError SOURCE_NOT_FOUND, SOURCE_FORBIDDEN, SOURCE_UNUSABLE, SOURCE_FAILED
   */
  static async open(path: string, signal: AbortSignal): Promise<FileSource> {
    await inspectFile(path);
    signal.throwIfAborted();
    // The path may have become a pipe since the inspection: the open is non-blocking, and the handle is checked again.
    const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
    const handle = await open(path, flags).catch((error: unknown) => {
      throw fileError(error);
    });
    try {
      const stats = await handle.stat({ bigint: true });
      assertRegular(stats);
      const id = await identify(handle, stats);
      signal.throwIfAborted();
      return new FileSource(path, { handle, stats, id });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    this.#assertOpen();
    const end = Math.min(range.end, this.sizeBytes);
    const length = Math.max(0, end - range.start);
    const bytes = await readFully(this.#handle, range.start, length).catch((error: unknown) => {
      throw fileError(error);
    });
    // Checked after the read, so that the returned bytes were read before any detectable change.
    await this.#assertUnchanged();
    if (bytes.length < length) throw changed();
    signal.throwIfAborted();
    return bytes;
  }

  async *stream(range: { start: number; end?: number }, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const end = Math.min(range.end ?? this.sizeBytes, this.sizeBytes);
    for (let at = range.start; at < end; at += STREAM_BYTES) {
      yield await this.read({ start: at, end: Math.min(at + STREAM_BYTES, end) }, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }

  /** Workers open the path, this source holds the handle: both must still be the same, unmodified file. */
  async #assertUnchanged(): Promise<void> {
    const [opened, named] = await Promise.all([
      this.#handle.stat({ bigint: true }),
      stat(this.#path, { bigint: true }),
    ]).catch((error: unknown) => {
      throw fileError(error);
    });
    const was = this.#stats;
    const same =
      opened.size === was.size && opened.mtimeNs === was.mtimeNs && named.ino === was.ino && named.dev === was.dev;
    if (!same) throw changed();
  }

  #assertOpen(): void {
    if (this.#closed) throw new AppError('SOURCE_FAILED', 'The source is closed');
  }
}

function changed(): AppError {
  return new AppError('SOURCE_CHANGED', 'The file changed while it was being read');
}

/** A hash of size, modification time and three samples: a copy with another time has another id, a changed file never has the same id. */
async function identify(handle: FileHandle, stats: BigIntStats): Promise<string> {
  const size = Number(stats.size);
  const samples: Uint8Array[] = [];
  for (const start of [0, Math.floor(size / 2), Math.max(0, size - SAMPLE_BYTES)]) {
    samples.push(await readFully(handle, start, Math.min(SAMPLE_BYTES, size - start)));
  }
  return digest(`file ${stats.size} ${stats.mtimeNs}\n`, ...samples);
}

/** Reads until `length` bytes or the end of the file. */
async function readFully(handle: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
