// What the stores of a server must do: the suite of the ports in src/state/session-store.ts and src/cast/cast-tokens.ts.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { StoredCastToken } from '../../src/cast/cast-tokens.ts';
import type { Stores, StoresOptions } from '../support/stores/memory-state.ts';
import { RECORD } from '../support/stores/session-record.ts';

/** One state that several servers share. */
export interface SharedState extends Disposable {
  open(options: StoresOptions): Stores;
}

const token = (hash: string, sessionId: string): StoredCastToken => {
  return { hash, sessionId, lifeMs: 900_000, expiresAtMs: 5 };
};

export function stateContract(name: string, open: () => SharedState): void {
  const server = (state: SharedState, owner: string, alive: string[] = []) =>
    state.open({ owner, isAlive: (other) => alive.includes(other) });

  suite(`the stores ${name}`, () => {
    test('sessions of a server that is gone are taken over whole, by one server', async () => {
      using state = open();
      const dead = server(state, 'dead').sessions;
      await dead.put({ ...RECORD, positionSeconds: 1 });
      await dead.put(RECORD);
      await dead.put({ ...RECORD, id: 'two' });
      await dead.delete('two');
      assert.deepEqual(await server(state, 'next', ['dead']).sessions.takeOver(), []);
      assert.deepEqual(await server(state, 'next').sessions.takeOver(), [RECORD]);
      assert.deepEqual(await server(state, 'third', ['next']).sessions.takeOver(), []);
    });

    test('of two servers that take over at the same time each session goes to one', async () => {
      using state = open();
      const dead = server(state, 'dead').sessions;
      for (let number = 0; number < 20; number += 1) await dead.put({ ...RECORD, id: `${number}` });
      const alive = ['a', 'b'];
      const taken = await Promise.all(alive.map((owner) => server(state, owner, alive).sessions.takeOver()));
      assert.equal(new Set(taken.flat().map(({ id }) => id)).size, 20);
      assert.equal(taken.flat().length, 20);
    });

    test('deleting what is not there is no error', async () => {
      using state = open();
      const { sessions, castTokens } = server(state, 'a');
      await sessions.delete('none');
      await castTokens.delete('none');
    });

    test('a record that is changed after it was put is not changed in the store', async () => {
      using state = open();
      const record = structuredClone(RECORD);
      const put = server(state, 'a').sessions.put(record);
      record.positionSeconds = 99;
      await put;
      assert.deepEqual(await server(state, 'b').sessions.takeOver(), [RECORD]);
    });

    test('tokens go with their session, and come back with those that were taken over', async () => {
      using state = open();
      const dead = server(state, 'dead');
      await dead.sessions.put(RECORD);
      await dead.sessions.put({ ...RECORD, id: 'two' });
      for (const [hash, id] of ['h1:one', 'h2:one', 'h3:two', 'h4:nobody'].map((each) => each.split(':')))
        await dead.castTokens.put(token(hash ?? '', id ?? ''));
      await dead.castTokens.put({ ...token('h1', 'one'), expiresAtMs: 6 });
      await dead.castTokens.delete('h2');
      await dead.sessions.put({ ...RECORD, positionSeconds: 9 });
      await dead.sessions.delete('two');
      const next = server(state, 'next');
      assert.deepEqual(await next.castTokens.takeOver(), [], 'its session is of another server');
      await next.sessions.takeOver();
      assert.deepEqual(await next.castTokens.takeOver(), [{ ...token('h1', 'one'), expiresAtMs: 6 }]);
    });

    test('knowledge keeps values of JSON, and bytes inside them', async () => {
      using state = open();
      const { knowledge } = server(state, 'a');
      const value = { tracks: [{ configuration: new Uint8Array([1, 2, 255]), codec: 'h264' }], none: null, n: 1.5 };
      assert.equal(await knowledge.get('source'), undefined);
      await knowledge.put('source', value);
      assert.deepEqual(await server(state, 'b').knowledge.get('source'), value);
      await knowledge.put('source', null);
      assert.equal(await knowledge.get('source'), null);
      assert.equal(await knowledge.get('other'), undefined);
    });
  });
}
