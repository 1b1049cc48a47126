// The life of a cast token, with a clock that can be turned.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createLogger } from '../../src/base/logger.ts';
import { lanAddress } from '../../src/cast/cast-host.ts';
import { CastTokens, type StoredCastToken } from '../../src/cast/cast-tokens.ts';

const log = createLogger('silent', { write: () => true });

/** `kept`: what a store holds, by hash. `wallMs`: the wall clock when the other one is at zero. */
function withClock(kept = new Map<string, StoredCastToken>(), wallMs = 1_000_000) {
  const clock = { ms: 0 };
  const store = {
    takeOver: async () => [...kept.values()],
    put: async (token: StoredCastToken) => void kept.set(token.hash, token),
    delete: async (hash: string) => void kept.delete(hash),
  };
  const tokens = new CastTokens({ now: () => clock.ms, wallClock: () => wallMs + clock.ms, store, log });
  return { clock, tokens, kept };
}

test('a token is 256 random bits and says when it ends', () => {
  const { tokens } = withClock();
  const issued = Array.from({ length: 20 }, () => tokens.issue('a', 60_000));
  for (const { token, expiresAtMs } of issued) {
    assert.equal(Buffer.from(token, 'base64url').length, 32);
    assert.equal(expiresAtMs, 1_060_000);
    assert.equal(tokens.sessionOf(token), 'a');
  }
  assert.equal(new Set(issued.map(({ token }) => token)).size, 20);
});

test('use keeps it alive through a film of two hours, disuse ends it', () => {
  const { clock, tokens } = withClock();
  const { token } = tokens.issue('a', 900_000);
  for (let minutes = 0; minutes < 120; minutes += 14) {
    assert.equal(tokens.sessionOf(token), 'a', `${minutes} minutes`);
    tokens.use(token);
    clock.ms += 14 * 60_000;
  }
  clock.ms += 60_000;
  assert.equal(tokens.sessionOf(token), undefined);
  tokens.sweep();
  assert.equal(tokens.count, 0);
});

test('looking does not prolong it', () => {
  const { clock, tokens } = withClock();
  const { token } = tokens.issue('a', 1000);
  clock.ms = 999;
  assert.equal(tokens.sessionOf(token), 'a');
  clock.ms = 1000;
  assert.equal(tokens.sessionOf(token), undefined);
});

test('revoking ends one token, or all of a session', () => {
  const { tokens } = withClock();
  const [first, second, other] = [tokens.issue('a', 1e6), tokens.issue('a', 1e6), tokens.issue('b', 1e6)];
  tokens.revoke(first.token);
  assert.deepEqual([tokens.sessionOf(first.token), tokens.sessionOf(second.token)], [undefined, 'a']);
  tokens.revokeSession('a');
  assert.deepEqual([tokens.sessionOf(second.token), tokens.sessionOf(other.token)], [undefined, 'b']);
});

test('a session does not collect tokens without end', () => {
  const { tokens } = withClock();
  const issued = Array.from({ length: 100 }, () => tokens.issue('a', 1e6));
  assert.ok(tokens.count <= 32);
  assert.equal(tokens.sessionOf(issued.at(-1)?.token ?? ''), 'a');
  assert.equal(tokens.sessionOf(issued[0]?.token ?? ''), undefined);
});

test('after a crash tokens go on with what is left of their lives, without themselves having been kept', async () => {
  const before = withClock();
  const [used, unused, revoked] = [1, 2, 3].map(() => before.tokens.issue('a', 80_000).token);
  assert.ok(used && unused && revoked);
  for (let seconds = 0; seconds < 60; seconds += 5) {
    before.clock.ms += 5000;
    before.tokens.use(used);
  }
  before.tokens.revoke(revoked);
  // What a crash finds in the store.
  await before.tokens[Symbol.asyncDispose]();
  assert.ok(!JSON.stringify([...before.kept.values()]).includes(used));
  // The monotonic clock begins anew, the other one does not.
  const after = withClock(before.kept, 1_065_000);
  const { tokens } = after;
  await tokens.takeOver();
  assert.deepEqual(
    [used, unused, revoked].map((token) => tokens.sessionOf(token)),
    ['a', 'a', undefined],
  );
  after.clock.ms = 15_000;
  assert.deepEqual(
    [used, unused].map((token) => tokens.sessionOf(token)),
    ['a', undefined],
  );
  after.clock.ms = 65_000;
  // Of a life that was prolonged at most an eighth is forgotten.
  assert.equal(tokens.sessionOf(used), 'a');
  after.clock.ms = 75_000;
  assert.equal(tokens.sessionOf(used), undefined);
});

test('a clock that was set back while the server was down makes no token live longer', async () => {
  const { tokens, kept } = withClock();
  const { token } = tokens.issue('a', 60_000);
  const later = withClock(new Map([...kept].map(([hash, row]) => [hash, { ...row, expiresAtMs: 9e12 }])));
  await later.tokens.takeOver();
  later.clock.ms = 59_999;
  assert.equal(later.tokens.sessionOf(token), 'a');
  later.clock.ms = 60_000;
  assert.equal(later.tokens.sessionOf(token), undefined);
  later.tokens.sweep();
  assert.equal(later.kept.size, 0);
});

test('cast devices are given the address in the home network', () => {
  const at = (address: string, internal = false) => [
    { address, internal, family: 'IPv4' as const, netmask: '255.255.255.0', mac: '', cidr: null },
  ];
  assert.equal(lanAddress({ lo: at('127.0.0.1', true) }), undefined);
  assert.equal(lanAddress({ docker0: at('172.17.0.1'), wlan0: at('192.168.1.5') }), '192.168.1.5');
  assert.equal(lanAddress({ tun0: at('10.8.0.2'), eth0: at('192.168.1.5'), 'br-12': at('172.18.0.1') }), '192.168.1.5');
  assert.equal(lanAddress({ ppp0: at('8.8.4.4'), eth0: at('10.0.0.5') }), '10.0.0.5');
  assert.equal(lanAddress({ eth0: at('169.254.3.4') }), undefined);
  assert.equal(lanAddress({ docker0: at('172.17.0.1') }), '172.17.0.1');
});
