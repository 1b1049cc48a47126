// What the terminal says about the network.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encode } from 'uqr';

import { networkAnnouncement } from '../../src/cli/announce-network.ts';

const URL = 'http://192.168.1.5:6969';
const TOKEN = 'correct-horse-battery';

test('nothing is said while only this machine can connect', () => {
  assert.equal(networkAnnouncement({ networkUrl: undefined, lanToken: TOKEN, isLanOpen: true, isTerminal: true }), '');
});

test('an open network is said to be open, a closed one what it needs', () => {
  const said = (isLanOpen: boolean, lanToken?: string) =>
    networkAnnouncement({ networkUrl: URL, lanToken, isLanOpen, isTerminal: false });
  assert.match(said(true), /RAFFI_LAN_OPEN: every device/u);
  assert.match(said(false), /need a cast token; RAFFI_LAN_TOKEN/u);
  assert.doesNotMatch(said(false, TOKEN), /need|█|▀|▄/u);
});

test('a terminal shows the address with the token as a QR code, and nothing shows it as text', () => {
  const said = networkAnnouncement({ networkUrl: URL, lanToken: TOKEN, isLanOpen: false, isTerminal: true });
  assert.ok(!said.includes(TOKEN));
  const { data, size } = encode(`${URL}/?lan_token=${TOKEN}`);
  const drawn = said.split('\n').filter((line) => /[█▀▄]/u.test(line));
  assert.equal(drawn.length, Math.ceil(size / 2));
  // Each character is two squares: the upper and the lower one; what is dark in the code is drawn as nothing.
  const darkness = new Map([
    [' ', [true, true]],
    ['▀', [false, true]],
    ['▄', [true, false]],
    ['█', [false, false]],
  ]);
  for (const [row, line] of drawn.entries()) {
    for (let column = 0; column < size; column += 1) {
      const pair = darkness.get(line.charAt(column));
      assert.equal(pair?.[0], data[row * 2]?.[column], `row ${row * 2}, column ${column}`);
      if (row * 2 + 1 < size) assert.equal(pair?.[1], data[row * 2 + 1]?.[column]);
    }
  }
});
