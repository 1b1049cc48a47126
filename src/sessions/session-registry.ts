// All sessions of the server: creates, finds and ends them, and takes them over after a crash.
import { randomBytes } from 'node:crypto';

import { AppError } from '../base/app-error.ts';
import { redactedAddress, type Logger } from '../base/logger.ts';
import { OrderedWrites } from '../base/ordered-writes.ts';
import type { SourceRequest } from '../sources/port/source-request.ts';
import type { ItemOpener } from '../presentation/media-item.ts';
import { Session } from './session.ts';
import type { SessionRecord, SessionStore } from '../state/session-store.ts';

export interface NewSession {
  source: SourceRequest;
  /** The kind as the caller wrote it. */
  kind: string;
  startSeconds: number;
  quality: string | undefined;
}

export interface SessionRegistryOptions {
  items: ItemOpener;
  store: SessionStore;
  log: Logger;
  /** @throws AppError when the source certainly cannot be played */
  checkSource(source: SourceRequest): Promise<void>;
  /** Monotonic clock, milliseconds. */
  now(): number;
  /** Wall clock, milliseconds: stays comparable across a restart. */
  wallClock(): number;
  infoHoldMs: number;
  /** A session ends this long after its last request. */
  sessionIdleMs: number;
  /** A session releases its item this long after its last request. */
  releaseIdleMs: number;
  maxSessions: number;
  /** Called once for each session that ended. */
  onEnd?(id: string): void;
}

/** Interval at which the time of the last request is stored; a crash loses at most this much of it. */
const TOUCH_SAVED_MS = 60_000;

export class SessionRegistry implements AsyncDisposable {
  readonly #options: SessionRegistryOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #savedAtMs = new Map<string, number>();
  /** A full disk or a broken store must not end playback: sessions then only live in memory. */
  readonly #writes: OrderedWrites;

  constructor(options: SessionRegistryOptions) {
    this.#options = options;
    this.#writes = new OrderedWrites((error) => this.#storeFailed(error));
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Takes over the sessions of a killed server. Their items are opened on the first request. */
  async takeOver(): Promise<void> {
    const records = await this.#storedRecords();
    for (const record of records) this.#add(record);
    if (records.length > 0) this.#options.log.info({ count: records.length }, 'sessions taken over');
  }

  /** Creates a session and begins to open its item, without waiting for the item. */
  async create(wanted: NewSession): Promise<Session> {
    if (this.#sessions.size >= this.#options.maxSessions) {
      throw new AppError('TOO_MANY', 'There are too many sessions', {
        hint: 'End sessions that are not needed any more',
      });
    }
    await this.#options.checkSource(wanted.source);
    const now = this.#options.wallClock();
    const id = randomBytes(18).toString('base64url');
    const times = { createdAtMs: now, lastRequestAtMs: now, positionSeconds: wanted.startSeconds };
    const record: SessionRecord = { id, ...wanted, ...times, audioIndex: undefined };
    const session = this.#add(record);
    this.#save(record);
    session.start();
    this.#options.log.info(
      { session: id, source: redactedAddress(wanted.source.uri), kind: wanted.kind },
      'session created',
    );
    return session;
  }

  /** The session; the call counts as a request for it. @throws AppError NOT_FOUND */
  get(id: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new AppError('NOT_FOUND', 'There is no such session');
    const now = this.#options.wallClock();
    session.touch(now);
    if (now - (this.#savedAtMs.get(id) ?? 0) > TOUCH_SAVED_MS) this.#save(session.record);
    return session;
  }

  list(): Session[] {
    return [...this.#sessions.values()];
  }

  /**
   * Ends a session on request; false when there is none. Its resources are freed in the background. The stored data of its source is removed
   * with the last session that plays the source.
   */
  end(id: string): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined) return false;
    this.#end(session);
    const others = this.list().map(({ record }) => record.source);
    this.#options.items
      .discard?.(session.record.source, others)
      .catch((err: unknown) => this.#options.log.warn({ err, session: id }, 'removing the source failed'));
    return true;
  }

  /** Ends sessions without a request for `sessionIdleMs`, and releases the items of those without one for `releaseIdleMs`. */
  sweep(): void {
    const now = this.#options.wallClock();
    for (const session of this.list()) {
      const idleMs = now - session.lastRequestAtMs;
      if (session.isBusy) continue;
      if (idleMs >= this.#options.sessionIdleMs) this.#end(session);
      else if (idleMs >= this.#options.releaseIdleMs && session.isOpen) this.#release(session);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sessions = this.list();
    this.#sessions.clear();
    for (const { id } of sessions) this.#writes.add(id, () => this.#options.store.delete(id));
    await Promise.allSettled([...sessions.map((session) => session.close()), this.#writes.settled()]);
  }

  #add(record: SessionRecord): Session {
    const { items, now, infoHoldMs, log } = this.#options;
    const session = new Session(record, {
      items,
      now,
      infoHoldMs,
      log: log.child({ session: record.id }),
      onChange: (changed) => this.#save(changed),
    });
    this.#sessions.set(record.id, session);
    return session;
  }

  #end(session: Session): void {
    const { id } = session;
    this.#sessions.delete(id);
    this.#savedAtMs.delete(id);
    this.#writes.add(id, () => this.#options.store.delete(id));
    session.close().catch((err: unknown) => this.#options.log.warn({ err, session: id }, 'closing the session failed'));
    this.#options.onEnd?.(id);
    this.#options.log.info({ session: id }, 'session ended');
  }

  #release(session: Session): void {
    session
      .release()
      .catch((err: unknown) => this.#options.log.warn({ err, session: session.id }, 'closing the item failed'));
  }

  #save(record: SessionRecord): void {
    if (!this.#sessions.has(record.id)) return;
    this.#savedAtMs.set(record.id, record.lastRequestAtMs);
    this.#writes.add(record.id, () => this.#options.store.put(record));
  }

  async #storedRecords(): Promise<SessionRecord[]> {
    try {
      return await this.#options.store.takeOver();
    } catch (error) {
      this.#storeFailed(error);
      return [];
    }
  }

  #storeFailed(err: unknown): void {
    this.#options.log.warn({ err }, 'storing sessions failed');
  }
}
