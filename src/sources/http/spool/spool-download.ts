// The download of a spool: writes a body to a file as far as readers need it, and starts over when the connection is lost.
import type { FileHandle } from 'node:fs/promises';
import { hasErrno } from '../../../base/errno.ts';

import { AppError } from '../../../base/app-error.ts';
import { attempt } from '../client/attempt.ts';
import { parseContentLength } from '../client/content-range.ts';
import type { InitialResponse, OpenedBody } from '../response/initial-response.ts';
import type { HttpClient, HttpReply } from '../client/http-client.ts';
import { RetryBudget, type RetryPolicy } from '../client/retry-policy.ts';
import type { Connection, ServerConnections } from '../client/server-connections.ts';
import type { SpoolAllowance } from './spool-allowance.ts';
import { UpstreamFailure, failureOf, statusFailure } from '../client/upstream-failure.ts';
import { Notifier } from '../client/notifier.ts';

export interface SpoolDownloadOptions {
  client: HttpClient;
  url: URL;
  initial: InitialResponse;
  policy: RetryPolicy;
  connections: ServerConnections;
  aheadBytes: number;
  /** Written from byte 0; the caller closes it. */
  handle: FileHandle;
  allowance: SpoolAllowance;
}

/** Without ranges a lost connection starts at byte 0 again: this many bytes before the loss must be the same as before. */
const OVERLAP_BYTES = 64 * 1024;

/** Without ranges a closed connection loses all bytes that it delivered, so the holder is never asked to close it. */
const HOLDER = { idleSince: () => undefined };

export class SpoolDownload implements AsyncDisposable {
  readonly #options: SpoolDownloadOptions;
  readonly #life = new AbortController();
  readonly #moved = new Notifier();
  readonly #wanted = new Notifier();
  #size: number | undefined;
  /** Bytes in the file. */
  #position = 0;
  /** The end of the bytes that a reader has read, at most. */
  #taken = 0;
  /** The ends that readers wait for now. */
  readonly #waitedFor = new Set<{ end: number }>();
  #failed: AppError | undefined;
  #running: Promise<void>;

  constructor(options: SpoolDownloadOptions) {
    this.#options = options;
    this.#size = options.initial.sizeBytes;
    this.#running = this.#run(options.initial.rest);
  }

  /** Known from the server, or after the end of the body. */
  get sizeBytes(): number | undefined {
    return this.#size;
  }

  get receivedBytes(): number {
    return this.#position;
  }

  /** A reader has read the bytes up to `end`. */
  readTo(end: number): void {
    if (end <= this.#taken) return;
    this.#taken = end;
    this.#wanted.notify();
  }

  /**
   * Waits until `end` bytes are in the file, or the whole body. Returns the number of bytes in the file.
   * @throws AppError of the download
   */
  async waitForBytes(end: number, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const awaited = { end: Math.min(end, this.#size ?? end) };
    this.#waitedFor.add(awaited);
    this.#wanted.notify();
    try {
      while (this.#position < end && this.#position !== this.#size) {
        this.#life.signal.throwIfAborted();
        if (this.#failed) this.#restart(this.#failed);
        await this.#moved.wait(signal);
        if (this.#failed) throw this.#failed;
      }
      this.readTo(Math.min(end, this.#position));
      return this.#position;
    } finally {
      // The demand of a reader that left ends.
      this.#waitedFor.delete(awaited);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort(new AppError('SOURCE_FAILED', 'The source is closed'));
    this.#moved.notify();
    // The first body has its own signal, and may be waiting for a server that sends little or nothing.
    await this.#options.initial.rest[Symbol.asyncDispose]();
    await this.#running;
  }

  /** A failure rejects all waiting readers; the next reader starts another try, unless that cannot help. */
  #restart(failed: AppError): void {
    if (failed.code === 'SOURCE_CHANGED' || failed.code === 'SOURCE_NOT_FOUND') throw failed;
    this.#failed = undefined;
    this.#running = this.#run(undefined);
  }

  async #run(first: OpenedBody | undefined): Promise<void> {
    const signal = this.#life.signal;
    const budget = new RetryBudget(this.#options.policy);
    let body = first;
    try {
      while (!(await this.#receive(body, budget))) body = undefined;
    } catch (error) {
      this.#failed = signal.aborted ? new AppError('SOURCE_FAILED', 'The source is closed') : asAppError(error);
    } finally {
      await first?.[Symbol.asyncDispose]();
      this.#moved.notify();
    }
  }

  /** Receives one response, to its end (true) or its loss (false, after a wait). */
  async #receive(first: OpenedBody | undefined, budget: RetryBudget): Promise<boolean> {
    const signal = this.#life.signal;
    try {
      if (first === undefined) await this.#again(budget);
      else {
        await this.#write(this.#options.initial.head);
        for await (const chunk of first.chunks) await this.#take(chunk, budget);
      }
      if (this.#size !== undefined && this.#position < this.#size) throw endedEarly(this.#position, this.#size);
      this.#size = this.#position;
      return true;
    } catch (error) {
      signal.throwIfAborted();
      await budget.next(error, signal);
      return false;
    }
  }

  /** Requests the file from byte 0 again: skips the bytes in the spool, and checks that the file is still the same. */
  async #again(budget: RetryBudget): Promise<void> {
    const had = this.#position;
    // The check comes before the request: bytes that could not be stored are not requested.
    await this.#options.allowance.check(had + 1);
    const check = { start: Math.max(0, had - OVERLAP_BYTES), bytes: await this.#tail(had) };
    using connection = await this.#options.connections.enter(HOLDER, this.#life.signal);
    const open = async (live: AbortSignal) => {
      const reply = await this.#options.client.get(this.#options.url, {}, live);
      this.#assertSame(reply, connection);
      return { body: reply.body, skipBytes: 0 };
    };
    let at = 0;
    for await (const chunk of attempt(open, this.#options.policy.stallMs, this.#life.signal)) {
      assertOverlap(check, at, chunk);
      const fresh = chunk.subarray(Math.max(0, had - at));
      at += chunk.length;
      if (at > had) await this.#take(fresh, budget);
      else budget.alive();
    }
    if (at < had) throw endedEarly(at, had);
  }

  async #take(chunk: Uint8Array, budget: RetryBudget): Promise<void> {
    this.#life.signal.throwIfAborted();
    await this.#write(chunk);
    while (this.#position >= this.#furthest + this.#options.aheadBytes) await this.#wanted.wait(this.#life.signal);
    budget.progressed();
  }

  get #furthest(): number {
    return Math.max(this.#taken, ...[...this.#waitedFor].map(({ end }) => end));
  }

  async #write(chunk: Uint8Array): Promise<void> {
    const bytes = chunk.subarray(0, (this.#size ?? Infinity) - this.#position);
    await this.#options.allowance.check(this.#position + bytes.length);
    try {
      for (let written = 0; written < bytes.length;) {
        written += (await this.#options.handle.write(bytes, written, bytes.length - written, this.#position + written))
          .bytesWritten;
      }
    } catch (error) {
      throw spoolWriteError(error);
    }
    this.#position += bytes.length;
    this.#moved.notify();
  }

  async #tail(end: number): Promise<Uint8Array> {
    const start = Math.max(0, end - OVERLAP_BYTES);
    const bytes = Buffer.alloc(end - start);
    await this.#options.handle.read(bytes, 0, bytes.length, start);
    return bytes;
  }

  #assertSame(reply: HttpReply, connection: Connection): void {
    const { initial } = this.#options;
    try {
      const refusal = connection.refusal(reply);
      if (refusal) throw refusal;
      if (reply.status !== 200) throw statusFailure(reply, true);
      const size = parseContentLength(reply.header('content-length'));
      const etag = reply.header('etag');
      if (size !== initial.sizeBytes || isOther(etag, initial.etag)) throw changed();
    } catch (error) {
      reply.body.destroy();
      throw error;
    }
  }
}

/** The AppError for an error of the file system while writing. */
export function spoolWriteError(error: unknown): AppError {
  if (hasErrno(error, 'ENOSPC', 'EDQUOT')) {
    return new AppError('DISK_FULL', 'The disk is full', { cause: error, hint: 'Free some space, then play again' });
  }
  return new AppError('SOURCE_FAILED', 'The source could not be written to a temporary file', { cause: error });
}

/** Compares the part of `chunk` (at offset `at`) that overlaps the bytes of the check. @throws AppError SOURCE_CHANGED */
function assertOverlap(check: { start: number; bytes: Uint8Array }, at: number, chunk: Uint8Array): void {
  const from = Math.max(at, check.start);
  const to = Math.min(at + chunk.length, check.start + check.bytes.length);
  if (from >= to) return;
  const was = check.bytes.subarray(from - check.start, to - check.start);
  if (Buffer.compare(was, chunk.subarray(from - at, to - at)) !== 0) throw changed();
}

/** A weak ETag may change with each response although the bytes are the same. */
function isOther(etag: string | undefined, before: string | undefined): boolean {
  return etag !== undefined && before !== undefined && etag !== before && !etag.startsWith('W/');
}

function changed(): AppError {
  return new AppError('SOURCE_CHANGED', 'The file on the server changed while it was being read');
}

function endedEarly(at: number, end: number): UpstreamFailure {
  return new UpstreamFailure(
    'short',
    new AppError('SOURCE_FAILED', `The server ended the file at byte ${at} instead of ${end}`),
  );
}

function asAppError(error: unknown): AppError {
  return error instanceof AppError ? error : failureOf(error).error;
}
