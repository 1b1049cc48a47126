// The caller's address, with and without proxies.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ipKind, isInNetworks } from '../../../src/base/ip-address.ts';
import { addressBehind, limitKey } from '../../../src/http/access/peer-address.ts';

test('only what trusted proxies wrote counts, from the last entry back', () => {
  const rows: [string | undefined, string, string[], string | undefined][] = [
    ['127.0.0.1', '8.8.8.8', [], '127.0.0.1'],
    ['127.0.0.1', '8.8.8.8', ['127.0.0.1'], '8.8.8.8'],
    ['127.0.0.1', '127.0.0.1, 8.8.8.8', ['127.0.0.1'], '8.8.8.8'],
    ['127.0.0.1', '1.1.1.1, 8.8.8.8, 10.0.0.1', ['127.0.0.0/8', '10.0.0.0/8'], '8.8.8.8'],
    ['192.168.1.9', '127.0.0.1', ['127.0.0.1'], '192.168.1.9'],
    ['127.0.0.1', 'for=127.0.0.1', ['127.0.0.1'], undefined],
    ['127.0.0.1', '', ['127.0.0.1'], '127.0.0.1'],
    ['::1', '::ffff:192.168.1.2', ['::1'], '192.168.1.2'],
    ['::1', 'fe80::5%eth0', ['::/0'], 'fe80::5'],
    [undefined, '127.0.0.1', ['127.0.0.1'], undefined],
  ];
  for (const [socket, forwarded, trusted, wanted] of rows) {
    assert.equal(addressBehind(socket, forwarded.split(','), trusted), wanted, `${socket} ${forwarded}`);
  }
});

test('an address has one kind, however it is written', () => {
  const kinds: Record<string, string[]> = {
    loopback: ['127.0.0.1', '127.8.8.8', '::1', '[::1]', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1'],
    private: ['10.1.2.3', '172.16.0.1', '172.31.9.9', '192.168.0.1', '100.64.0.1', 'fd00::1', '::ffff:10.0.0.1'],
    public: ['8.8.8.8', '172.32.0.1', '2a00:1450::1', '::ffff:8.8.8.8', '64:ff9b::808:808'],
    special: [
      ...[
        '0.0.0.0',
        '0.1.2.3',
        '169.254.169.254',
        'fe80::1',
        'fe80::1%eth0',
        '224.0.0.1',
        '255.255.255.255',
        '240.0.0.1',
      ],
      ...[
        '::',
        'ff02::1',
        '100.100.100.200',
        'fd00:ec2::254',
        '192.0.0.192',
        '::ffff:169.254.169.254',
        '2002:7f00:1::',
      ],
      ...['64:ff9b::a9fe:a9fe', '2001:0:53aa:64c::1'],
    ],
  };
  for (const [kind, addresses] of Object.entries(kinds)) {
    for (const address of addresses) assert.equal(ipKind(address), kind, address);
  }
  for (const text of [
    '',
    'localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '1.2.3',
    '1.2.3.4.5',
    '::g',
  ]) {
    assert.equal(ipKind(text), undefined, text);
  }
});

test('networks hold addresses of their family', () => {
  assert.equal(isInNetworks('10.200.0.1', ['10.0.0.0/8']), true);
  assert.equal(isInNetworks('11.0.0.1', ['10.0.0.0/8']), false);
  assert.equal(isInNetworks('::1', ['0.0.0.0/0']), false);
  assert.equal(isInNetworks('::ffff:10.0.0.1', ['10.0.0.1']), true);
});

test('an IPv6 household is counted once', () => {
  assert.equal(limitKey('2a00:1:2:3:aaaa::1'), limitKey('2a00:1:2:3:bbbb::2'));
  assert.notEqual(limitKey('2a00:1:2:3::1'), limitKey('2a00:1:2:4::1'));
  assert.equal(limitKey('::1'), '0:0:0:0');
  assert.notEqual(limitKey('1.2.3.4'), limitKey('1.2.3.5'));
  assert.equal(limitKey('::ffff:1.2.3.4'), '1.2.3.4');
  assert.notEqual(limitKey('::ffff:192.168.1.5'), limitKey('::ffff:127.0.0.1'));
  assert.equal(limitKey(undefined), 'unknown');
});
