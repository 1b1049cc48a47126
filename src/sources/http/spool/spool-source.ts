// A source on a server without ranges: one sequential download into a temporary file, from which reads are served.
import { open, rm, type FileHandle } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import { inOrderInput } from '../../port/in-order-input.ts';
import type { EndpointInput, MediaInput, Source } from '../../port/source.ts';
import { contentId, nameOf } from '../response/content-id.ts';
import type { InitialResponse } from '../response/initial-response.ts';
import type { HttpClient } from '../client/http-client.ts';
import type { SourcePublisher } from '../../port/source-publisher.ts';
import type { RetryPolicy } from '../client/retry-policy.ts';
import type { ServerConnections } from '../client/server-connections.ts';
import { SpoolAllowance } from './spool-allowance.ts';
import { SpoolDownload, spoolWriteError } from './spool-download.ts';

export interface SpoolSourceOptions {
  /** The source owns the client. */
  client: HttpClient;
  url: URL;
  /** The initial response with its open body `rest`, which the source owns. */
  initial: InitialResponse;
  publisher: SourcePublisher;
  policy: RetryPolicy;
  connections: ServerConnections;
  /** An existing directory for the temporary file, which is removed at the end. */
  directory: string;
  /** The download pauses when it is this far ahead of the furthest read. */
  aheadBytes: number;
  /** Maximal size of the file. */
  capBytes: number;
  /** Space that stays free on the disk. */
  keepFreeBytes: number;
}

const STREAM_BYTES = 256 * 1024;

export class SpoolSource implements Source {
  readonly id: string;
  readonly name: string;
  readonly seekable = false;
  readonly input: MediaInput;
  readonly inOrderInput: EndpointInput;
  readonly #options: SpoolSourceOptions;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #download: SpoolDownload;
  #closed = false;

  private constructor(options: SpoolSourceOptions, path: string, handle: FileHandle) {
    this.#options = options;
    this.#path = path;
    this.#handle = handle;
    this.id = contentId(options.initial, undefined);
    this.name = nameOf(options.url);
    this.#download = new SpoolDownload({ ...options, handle, allowance: new SpoolAllowance(options) });
    const input = options.publisher.publish(this);
    this.input = input;
    this.inOrderInput = inOrderInput(input);
  }

  /** @throws AppError DISK_FULL, SOURCE_FAILED when the temporary file cannot be made */
  static async open(options: SpoolSourceOptions): Promise<SpoolSource> {
    const path = join(options.directory, `${randomUUID()}.spool`);
    try {
      return new SpoolSource(options, path, await open(path, 'wx+', 0o600));
    } catch (error) {
      await options.initial.rest[Symbol.asyncDispose]();
      await options.client[Symbol.asyncDispose]();
      throw spoolWriteError(error);
    }
  }

  get sizeBytes(): number | undefined {
    return this.#download.sizeBytes;
  }

  get receivedBytes(): number {
    return this.#download.receivedBytes;
  }

  async read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    const available = await this.#download.waitForBytes(range.end, signal);
    return this.#copy(range.start, Math.min(range.end, available));
  }

  async *stream(range: { start: number; end?: number }, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const end = range.end ?? Infinity;
    for (let at = range.start; at < end;) {
      const available = await this.#download.waitForBytes(at + 1, signal);
      const bytes = await this.#copy(at, Math.min(available, end, at + STREAM_BYTES));
      if (bytes.length === 0) return;
      at += bytes.length;
      this.#download.readTo(at);
      yield bytes;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.publisher.withdraw(this);
    await this.#download[Symbol.asyncDispose]();
    await this.#options.client[Symbol.asyncDispose]();
    await this.#handle.close();
    await rm(this.#path, { force: true });
  }

  async #copy(start: number, end: number): Promise<Uint8Array> {
    if (this.#closed) throw new AppError('SOURCE_FAILED', 'The source is closed');
    const length = Math.max(0, end - start);
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(bytes, filled, length - filled, start + filled);
      if (bytesRead === 0) throw new AppError('SOURCE_FAILED', 'The temporary copy of the source is damaged');
      filled += bytesRead;
    }
    return bytes;
  }
}
