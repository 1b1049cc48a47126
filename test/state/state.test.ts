// The contract of the stores on SQLite and in memory, and what those who use them make of a store that is slow, or broken.
import assert from 'node:assert/strict';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { createLogger } from '../../src/base/logger.ts';
import { CastTokens } from '../../src/cast/cast-tokens.ts';
import { SessionRegistry } from '../../src/sessions/session-registry.ts';
import { Knowledge } from '../../src/state/knowledge.ts';
import { openStores } from '../../src/state/sqlite/sqlite-stores.ts';
import { stateContract } from '../contract/state-contract.ts';
import { MemoryState } from '../support/stores/memory-state.ts';

stateContract('in SQLite', () => {
  const stack = new DisposableStack();
  const folder = stack.use(mkdtempDisposableSync(join(tmpdir(), 'raffi-state-')));
  return {
    open: (options) => stack.use(openStores(join(folder.path, 'raffi.db'), options)),
    [Symbol.dispose]: () => stack.dispose(),
  };
});

const inMemory = (before: MemoryState['before']) => () => {
  const state = new MemoryState();
  state.before = before;
  return { open: (options: Parameters<MemoryState['stores']>[0]) => state.stores(options), [Symbol.dispose]: () => {} };
};

stateContract(
  'in memory',
  inMemory(async () => undefined),
);
stateContract(
  'in memory, slow',
  inMemory(async () => delay(5)),
);

const CLOCKS = { now: () => performance.now(), wallClock: () => Date.now() };
const WANTED = {
  source: { uri: 'https://example.org/film.mkv', kind: 'http', headers: {}, fileIndex: undefined },
  kind: 'http',
  startSeconds: 0,
  quality: undefined,
} as const;

/** A server's sessions and tokens over `state`, and what they log. */
function server(state: MemoryState) {
  const stores = state.stores({ owner: 'a', isAlive: () => false });
  const lines: string[] = [];
  const log = createLogger('warn', { write: (line) => lines.push(line) });
  const castTokens = new CastTokens({ ...CLOCKS, store: stores.castTokens, log });
  const sessions = new SessionRegistry({
    ...CLOCKS,
    items: { open: () => new Promise(() => undefined) },
    store: stores.sessions,
    log,
    checkSource: async () => undefined,
    infoHoldMs: 1000,
    sessionIdleMs: 60_000,
    releaseIdleMs: 60_000,
    maxSessions: 10,
    onEnd: (id) => castTokens.revokeSession(id),
  });
  return { sessions, castTokens, lines };
}

test('with a store that fails sessions and tokens live in memory, and the log says so', async () => {
  const state = new MemoryState();
  state.before = () => Promise.reject(new Error('the disk is full'));
  const { sessions, castTokens, lines } = server(state);
  await sessions.takeOver();
  await castTokens.takeOver();
  const { id } = await sessions.create(WANTED);
  const { token } = castTokens.issue(id, 60_000);
  castTokens.use(token);
  assert.equal(sessions.get(id).id, id);
  assert.equal(castTokens.sessionOf(token), id);
  assert.ok(sessions.end(id));
  assert.equal(castTokens.sessionOf(token), undefined);
  await castTokens[Symbol.asyncDispose]();
  await sessions[Symbol.asyncDispose]();
  assert.ok(lines.some((line) => line.includes('storing sessions failed') && line.includes('the disk is full')));
  assert.ok(lines.some((line) => line.includes('storing cast tokens failed')));
});

test('no caller waits for a store that does not answer, and what is ended meanwhile does not come back', async () => {
  const state = new MemoryState();
  const answer = Promise.withResolvers<void>();
  const calls: string[] = [];
  state.before = async (call) => {
    calls.push(call);
    await answer.promise;
  };
  const { sessions, castTokens } = server(state);
  const { id } = await sessions.create(WANTED);
  const kept = await sessions.create(WANTED);
  castTokens.issue(id, 60_000);
  assert.ok(sessions.end(id));
  assert.deepEqual(calls, ['sessions.put', 'sessions.put', 'castTokens.put'], 'one write of each at a time');
  answer.resolve();
  await castTokens[Symbol.asyncDispose]();
  await delay(10);
  assert.deepEqual([...state.records.keys()], [kept.id]);
  assert.equal(state.tokens.size, 0);
  await sessions[Symbol.asyncDispose]();
  assert.equal(state.records.size, 0, 'a server that ends in order leaves no sessions');
});

test('what is put is known at once, however slow the store is, and what is newest stays', async () => {
  const state = new MemoryState();
  state.before = async () => delay(20);
  const knowledge = new Knowledge(state.stores({ owner: 'a', isAlive: () => false }).knowledge);
  const { signal } = new AbortController();
  for (const value of [1, 2, null]) knowledge.put('source', value);
  assert.equal(await knowledge.get('source', signal), null);
  await delay(100);
  assert.equal(state.values.get('source'), null);
  state.values.set('source', 'of another server');
  assert.equal(await knowledge.get('source', signal), 'of another server');
});

test('a store that fails knows nothing, and one that does not answer is waited for no longer than the caller wants', async () => {
  const state = new MemoryState();
  const knowledge = new Knowledge(state.stores({ owner: 'a', isAlive: () => false }).knowledge);
  const abort = new AbortController();
  state.before = () => Promise.reject(new Error('broken'));
  knowledge.put('source', 1);
  await delay(1);
  assert.equal(await knowledge.get('source', abort.signal), undefined);
  state.before = () => new Promise(() => undefined);
  const asked = knowledge.get('source', abort.signal);
  abort.abort(new Error('the viewer left'));
  await assert.rejects(asked, /the viewer left/u);
});
