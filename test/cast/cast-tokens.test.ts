// The life of a cast token, with a clock that can be turned.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lanAddress } from '../../src/cast/cast-host.ts';
import { CastTokens } from '../../src/cast/cast-tokens.ts';

function withClock() {
  const clock = { ms: 0 };
  const tokens = new CastTokens({ now: () => clock.ms, wallClock: () => 1_000_000 + clock.ms });
  return { clock, tokens };
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
