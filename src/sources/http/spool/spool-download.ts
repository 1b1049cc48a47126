// The download behind a spool: writes a body to a file as far as readers want it, and starts over when the connection is lost.
import type { FileHandle } from 'node:fs/promises';
import { hasErrno } from '../../../base/errno.ts';

import { AppError } from '../../../base/app-error.ts';
import { attempt } from '../client/attempt.ts';
import { parseContentLength } from '../client/content-range.ts';
import type { FirstContact, OpenedBody } from '../contact/first-contact.ts';
import type { HttpClient, HttpReply } from '../client/http-client.ts';
import { Patience, type RetryPolicy } from '../client/retry-policy.ts';
import type { Connection, ServerConnections } from '../client/server-connections.ts';
import type { SpoolAllowance } from './spool-allowance.ts';
import { UpstreamFailure, failureOf, statusFailure } from '../client/upstream-failure.ts';
import { Pulse } from '../client/pulse.ts';

export interface SpoolDownloadOptions {
  client: HttpClient;
  url: URL;
  contact: FirstContact;
  policy: RetryPolicy;
  connections: ServerConnections;
  aheadBytes: number;
  /** Written to from byte 0; not closed here. */
  handle: FileHandle;
  allowance: SpoolAllowance;
}

/** Without ranges a lost connection starts at byte 0 again: this many bytes before the loss must be the same as before. */
const OVERLAP_BYTES = 64 * 1024;

/** Without ranges a connection that is given up costs all that it brought: it is never asked to. */
const HOLDER = { idleSince: () => undefined };

export class SpoolDownload implements AsyncDisposable {
  readonly #options: SpoolDownloadOptions;
  readonly #life = new AbortController();
  readonly #moved = new Pulse();
  readonly #wanted = new Pulse();
  #size: number | undefined;
  /** Bytes in the file. */
  #position = 0;
  /** The furthest byte a reader was given. */
  #taken = 0;
  /** The ends that readers wait for now. */
  readonly #waitedFor = new Set<{ end: number }>();
  #failed: AppError | undefined;
  #running: Promise<void>;

  constructor(options: SpoolDownloadOptions) {
    this.#options = options;
    this.#size = options.contact.sizeBytes;
    this.#running = this.#run(options.contact.rest);
  }

  /** Known from the server, or once everything has come. */
  get sizeBytes(): number | undefined {
    return this.#size;
  }

  get receivedBytes(): number {
    return this.#position;
  }

  /** A reader has taken the bytes up to `end`. */
  readTo(end: number): void {
    if (end <= this.#taken) return;
    this.#taken = end;
    this.#wanted.fire();
  }

  /**
   * Waits until `end` bytes are in the file, or all there are. Gives how many there are now.
   * @throws AppError of the download
   */
  async reach(end: number, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const wish = { end: Math.min(end, this.#size ?? end) };
    this.#waitedFor.add(wish);
    this.#wanted.fire();
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
      // Who left does not make it run on.
      this.#waitedFor.delete(wish);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort(new AppError('SOURCE_FAILED', 'The source is closed'));
    this.#moved.fire();
    // The first body has a life of its own, and may be waiting for a server that sends little or nothing.
    await this.#options.contact.rest[Symbol.asyncDispose]();
    await this.#running;
  }

  /** A failure is told to everyone who waited for it; the next who asks causes another try, unless that cannot help. */
  #restart(failed: AppError): void {
    if (failed.code === 'SOURCE_CHANGED' || failed.code === 'SOURCE_NOT_FOUND') throw failed;
    this.#failed = undefined;
    this.#running = this.#run(undefined);
  }

  async #run(first: OpenedBody | undefined): Promise<void> {
    const signal = this.#life.signal;
    const patience = new Patience(this.#options.policy);
    let body = first;
    try {
      while (!(await this.#receive(body, patience))) body = undefined;
    } catch (error) {
      this.#failed = signal.aborted ? new AppError('SOURCE_FAILED', 'The source is closed') : asAppError(error);
    } finally {
      await first?.[Symbol.asyncDispose]();
      this.#moved.fire();
    }
  }

  /** One connection, to its end (true) or its loss (false, after a wait). */
  async #receive(first: OpenedBody | undefined, patience: Patience): Promise<boolean> {
    const signal = this.#life.signal;
    try {
      if (first === undefined) await this.#again(patience);
      else {
        await this.#write(this.#options.contact.head);
        for await (const chunk of first.chunks) await this.#take(chunk, patience);
      }
      if (this.#size !== undefined && this.#position < this.#size) throw endedEarly(this.#position, this.#size);
      this.#size = this.#position;
      return true;
    } catch (error) {
      signal.throwIfAborted();
      await patience.next(error, signal);
      return false;
    }
  }

  /** From byte 0: skips what the file has, after a look that it is still the same file. */
  async #again(patience: Patience): Promise<void> {
    const had = this.#position;
    // Nothing is asked for again that could not be kept.
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
      if (at > had) await this.#take(fresh, patience);
      else patience.alive();
    }
    if (at < had) throw endedEarly(at, had);
  }

  async #take(chunk: Uint8Array, patience: Patience): Promise<void> {
    this.#life.signal.throwIfAborted();
    await this.#write(chunk);
    while (this.#position >= this.#furthest + this.#options.aheadBytes) await this.#wanted.wait(this.#life.signal);
    patience.progressed();
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
    this.#moved.fire();
  }

  async #tail(end: number): Promise<Uint8Array> {
    const start = Math.max(0, end - OVERLAP_BYTES);
    const bytes = Buffer.alloc(end - start);
    await this.#options.handle.read(bytes, 0, bytes.length, start);
    return bytes;
  }

  #assertSame(reply: HttpReply, connection: Connection): void {
    const { contact } = this.#options;
    try {
      const refusal = connection.refusal(reply);
      if (refusal) throw refusal;
      if (reply.status !== 200) throw statusFailure(reply, true);
      const size = parseContentLength(reply.header('content-length'));
      const etag = reply.header('etag');
      if (size !== contact.sizeBytes || isOther(etag, contact.etag)) throw changed();
    } catch (error) {
      reply.body.destroy();
      throw error;
    }
  }
}

/** The sentence for an error of the file system while writing. */
export function spoolWriteError(error: unknown): AppError {
  if (hasErrno(error, 'ENOSPC', 'EDQUOT')) {
    return new AppError('DISK_FULL', 'The disk is full', { cause: error, hint: 'Free some space, then play again' });
  }
  return new AppError('SOURCE_FAILED', 'The source could not be written to a temporary file', { cause: error });
}

/** Compares the part of `chunk` (at byte `at`) that lies in the bytes kept for the check. */
function assertOverlap(check: { start: number; bytes: Uint8Array }, at: number, chunk: Uint8Array): void {
  const from = Math.max(at, check.start);
  const to = Math.min(at + chunk.length, check.start + check.bytes.length);
  if (from >= to) return;
  const was = check.bytes.subarray(from - check.start, to - check.start);
  if (Buffer.compare(was, chunk.subarray(from - at, to - at)) !== 0) throw changed();
}

/** A weak tag may change with each answer: of the bytes it says nothing. */
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
