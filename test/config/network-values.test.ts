// The values of settings that name hosts, networks and devices, and the words for those that are refused.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import * as values from '../../src/config/network-values.ts';

function accepts<Value>(parse: (text: string) => Value, rows: [text: string, value: Value][]): void {
  for (const [text, value] of rows) test(`"${text}"`, () => assert.deepEqual(parse(text), value));
}

function refuses(parse: (text: string) => unknown, words: RegExp, texts: string[]): void {
  for (const text of texts) test(`"${text}" is refused`, () => assert.throws(() => parse(text), words));
}

suite('where to listen', () => {
  accepts(values.listenAddress, [
    ['127.0.0.1:6969', { host: '127.0.0.1', port: 6969 }],
    [' nas:80 ', { host: 'nas', port: 80 }],
    [':6969', { host: undefined, port: 6969 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['[fe80::1%eth0]:65535', { host: 'fe80::1%eth0', port: 65_535 }],
  ]);
  refuses(values.listenAddress, /host:port/u, [
    '',
    '6969',
    'nas',
    'nas:',
    'nas:65536',
    '::1:80',
    '[::1]',
    'http://nas:80',
    'nas:-1',
  ]);
});

suite('origins', () => {
  accepts(values.origins, [
    ['', []],
    ['https://example.org, http://nas:8080', ['https://example.org', 'http://nas:8080']],
  ]);
  refuses(values.origins, /is not an origin/u, [
    'https://example.org/',
    'https://example.org:443',
    'https://EXAMPLE.org',
    'example.org',
    'null',
    '*',
    'file:///films',
    'https://user@example.org',
  ]);
});

suite('addresses', () => {
  accepts(values.addresses, [
    ['', []],
    ['https://example.org/a,http://b', ['https://example.org/a', 'http://b']],
  ]);
  refuses(values.addresses, /is not an address/u, ['example.org/a', 'ftp://example.org', 'https://']);
});

suite('host names', () => {
  accepts(values.hostNames, [
    ['', []],
    ['NAS.Example.org,my_nas', ['nas.example.org', 'my_nas']],
    ['[::1],fe80::1,10.0.0.1', ['::1', 'fe80::1', '10.0.0.1']],
  ]);
  refuses(values.hostNames, /is not a name/u, ['nas:80', 'http://nas', 'a b', 'nas/x', '*.example.org']);
});

suite('networks', () => {
  accepts(values.networks, [
    ['', []],
    ['10.0.0.0/8,192.168.1.7,fd00::/8', ['10.0.0.0/8', '192.168.1.7', 'fd00::/8']],
  ]);
  refuses(values.networks, /neither an address nor a network/u, [
    '10.0.0.0/33',
    'nas',
    '10.0.0',
    '010.0.0.1',
    '10.1/16',
    'fd00::/129',
    '10.0.0.0/',
  ]);
});

suite('host for cast devices', () => {
  accepts(values.castHost, [
    ['', undefined],
    [' nas.local ', 'nas.local'],
    ['192.168.1.7:6969', '192.168.1.7:6969'],
    ['[fe80::1]:80', '[fe80::1]:80'],
    ['nas:65535', 'nas:65535'],
  ]);
  refuses(values.castHost, /host or host:port/u, [
    'http://nas',
    'nas:',
    'nas/x',
    'fe80::1',
    'a b',
    'nas:0',
    'nas:65536',
  ]);
});

suite('cast devices', () => {
  accepts(values.castDevices, [
    ['', []],
    ['Living room@192.168.1.20', [{ name: 'Living room', host: '192.168.1.20', port: 8009 }]],
    [
      'TV@nas:32768, Bed @[fe80::1]:9',
      [
        { name: 'TV', host: 'nas', port: 32_768 },
        { name: 'Bed', host: 'fe80::1', port: 9 },
      ],
    ],
  ]);
  refuses(values.castDevices, /is not a device/u, [
    'TV',
    '@nas',
    ' @nas',
    'TV@',
    'TV@nas:0',
    'TV@nas:65536',
    'TV@nas:x',
    'a@b@c',
    'TV@http://nas',
  ]);
});

suite('search for cast devices', () => {
  accepts(values.castDiscovery, [
    ['off', undefined],
    [' ON ', {}],
    ['192.168.1.7', { interface: '192.168.1.7' }],
  ]);
  refuses(values.castDiscovery, /on, off or the IPv4 address/u, ['', 'yes', '::1', '192.168.1']);
});
