// Opens sources for tests the way the server does, and closes everything that was opened on the way.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AppError, isAbort, type ErrorCode } from '../../src/base/app-error.ts';
import { AddressPolicy, type PrivateSources } from '../../src/sources/http/client/address-policy.ts';
import { openSource, type OpenSourceOptions, type OpenedSource } from '../../src/sources/open/open-source.ts';
import { SourceEndpoint } from '../../src/sources/endpoint/source-endpoint.ts';
import { parseLocator, type LocatorHints } from '../../src/sources/open/source-locator.ts';
import type { Source } from '../../src/sources/port/source.ts';
import { never, type OpenSubject } from '../contract/source-contract.ts';
import { FaultServer, type Faults } from '../support/servers/fault-server.ts';

/** Limits short enough for tests. */
export const QUICK: Partial<OpenSourceOptions> = {
  retry: { stallMs: 300, stallLimitMs: 4_000, tries: 5, shortTries: 3, backoffMs: 20, maxBackoffMs: 200 },
  firstRetry: { stallMs: 1_000, stallLimitMs: 1_000, backoffMs: 20 },
  idleMs: 300,
};

/** The limits of the server itself: for tests of what goes right, however busy the machine is. */
export const UNHURRIED: Partial<OpenSourceOptions> = { retry: {}, firstRetry: {} };

export interface OpenedTest extends OpenSubject {
  server: FaultServer;
  endpoint: SourceEndpoint;
  directory: string;
}

/** A source over a server with these faults. */
export async function openRemote(
  content: Uint8Array,
  faults: Faults = {},
  options: Partial<OpenSourceOptions> = {},
): Promise<OpenedTest> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await FaultServer.start(content, faults));
  const { opened, endpoint, directory } = await openUrl(stack, server.url(), { options });
  assert.equal(opened.kind, 'media');
  if (opened.kind !== 'media') throw new Error('not media');
  const { source } = opened;
  return closedBy(stack.move(), { source, server, endpoint, directory });
}

/** A source over a file with this content. */
export async function openLocal(content: Uint8Array): Promise<OpenSubject & { path: string }> {
  await using stack = new AsyncDisposableStack();
  const path = join(await temporaryDirectory(stack), 'film.mkv');
  await writeFile(path, content);
  const { opened } = await openUrl(stack, path, {});
  if (opened.kind !== 'media') throw new Error('not media');
  return closedBy(stack.move(), { source: opened.source, path });
}

/** Opens any locator; the stack closes what comes of it. */
export async function openUrl(
  stack: AsyncDisposableStack,
  text: string,
  how: { options?: Partial<OpenSourceOptions>; hints?: LocatorHints },
): Promise<{ opened: OpenedSource; endpoint: SourceEndpoint; directory: string }> {
  const directory = await temporaryDirectory(stack);
  const endpoint = stack.use(await SourceEndpoint.open());
  const addresses = policy('auto');
  const options = { spoolDirectory: directory, endpoint, addresses, ...QUICK, ...how.options };
  const opened = await openSource(parseLocator(text, how.hints), options, never());
  stack.use(opened.kind === 'media' ? opened.source : opened.upstream);
  return { opened, endpoint, directory };
}

/** Rules of a server that listens on `ownPorts`. */
export function policy(privateSources: PrivateSources, ownPorts: number[] = []): AddressPolicy {
  return new AddressPolicy({ privateSources, ownPorts: () => ownPorts });
}

export async function temporaryDirectory(stack: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-test-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** For `assert.rejects`: an AppError with this code and a matching sentence. */
export function appError(code: ErrorCode, sentence: RegExp = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, sentence);
    return true;
  };
}

/** Waits for a condition; fails after `withinMs`. */
export async function eventually(condition: () => boolean, withinMs = 3_000): Promise<void> {
  const until = performance.now() + withinMs;
  while (!condition()) {
    assert.ok(performance.now() < until, `not within ${withinMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The same source, read as another process reads it: through real HTTP. Only ranges and streams go that way. */
export function throughEndpoint(source: Source): Source {
  const { input } = source;
  if (input.kind !== 'endpoint') throw new Error('not published');
  const request = (range: string, signal: AbortSignal): Promise<Response> =>
    fetch(input.url, { headers: { range }, signal }).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new AppError('SOURCE_FAILED', 'the endpoint does not answer', { cause });
    });
  return {
    get id() {
      return source.id;
    },
    get sizeBytes() {
      return source.sizeBytes;
    },
    name: source.name,
    seekable: source.seekable,
    input,
    async read(range, signal) {
      signal.throwIfAborted();
      if (range.start >= range.end) return new Uint8Array();
      const response = await request(`bytes=${range.start}-${range.end - 1}`, signal);
      if (response.status === 416) return new Uint8Array();
      if (response.status !== 206) throw new AppError('SOURCE_FAILED', `status ${response.status}`);
      return new Uint8Array(await response.arrayBuffer().catch(brokenOff));
    },
    async *stream(range, signal) {
      const last = range.end === undefined ? '' : range.end - 1;
      const response = await request(`bytes=${range.start}-${last}`, signal);
      if (response.status === 416) return;
      if (!response.ok || response.body === null) throw new AppError('SOURCE_FAILED', `status ${response.status}`);
      yield* response.body;
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}

function brokenOff(cause: unknown): never {
  if (isAbort(cause)) throw cause;
  throw new AppError('SOURCE_FAILED', 'the endpoint broke off', { cause });
}

function closedBy<T extends object>(stack: AsyncDisposableStack, parts: T): T & AsyncDisposable {
  return { ...parts, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
