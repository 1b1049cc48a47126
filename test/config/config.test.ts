import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

import { ConfigError, readConfig } from '../../src/config/config.ts';
import { configurationPage } from '../../src/config/configuration-page.ts';

function listen(address: string): unknown {
  return readConfig({ RAFFI_SERVER_ADDR: address }).listen;
}

test('addresses are host and port, a port alone, or an IPv6 address in brackets', () => {
  assert.deepEqual(readConfig({}).listen, { host: '127.0.0.1', port: 6969 });
  assert.deepEqual(listen('0.0.0.0:8080'), { host: '0.0.0.0', port: 8080 });
  assert.deepEqual(listen('localhost:1'), { host: 'localhost', port: 1 });
  assert.deepEqual(listen(':7000'), { host: undefined, port: 7000 });
  assert.deepEqual(listen('[::1]:0'), { host: '::1', port: 0 });
});

test('an address that cannot be meant is refused in one line with the variable in it', () => {
  for (const address of [
    '6969',
    'localhost',
    'a:b',
    '1.2.3.4:65536',
    '::1:80',
    'http://x:1',
    'a:1/x',
    '[::1]',
    ' : ',
  ]) {
    assert.throws(
      () => listen(address),
      (error) => error instanceof ConfigError && /^RAFFI_SERVER_ADDR="[^\n]*$/u.test(error.message),
      address,
    );
  }
});

test('clips are kept in the configuration directory of the user, or where a setting says', () => {
  const { clipsDirectory } = readConfig({ XDG_CONFIG_HOME: '/home/user/conf', APPDATA: '/home/user/conf' });
  if (process.platform === 'linux') assert.equal(clipsDirectory, '/home/user/conf/Raffi/clips');
  else assert.match(clipsDirectory, /Raffi.clips$/u);
  assert.equal(readConfig({ RAFFI_CLIPS_DIR: '/films/clips' }).clipsDirectory, resolve('/films/clips'));
});

test('sizes and durations have units', () => {
  const config = readConfig({ RAFFI_CACHE_SIZE: '1.5GiB', RAFFI_SESSION_IDLE: '90', RAFFI_RELEASE_IDLE: '250ms' });
  assert.equal(config.cacheBytes, 1.5 * 2 ** 30);
  assert.equal(config.sessionIdleMs, 90_000);
  assert.equal(config.releaseIdleMs, 250);
  for (const bad of ['', 'much', '-1', '1GB', '1 h 2']) {
    if (bad !== '') assert.throws(() => readConfig({ RAFFI_CACHE_SIZE: bad }), ConfigError, bad);
  }
});

test('origins are complete', () => {
  assert.deepEqual(readConfig({ RAFFI_ALLOWED_ORIGINS: 'https://a.example, http://b:8080' }).allowedOrigins, [
    'https://a.example',
    'http://b:8080',
  ]);
  assert.throws(() => readConfig({ RAFFI_ALLOWED_ORIGINS: 'a.example' }), ConfigError);
  assert.throws(() => readConfig({ RAFFI_ALLOWED_ORIGINS: 'https://a.example/' }), ConfigError);
});

test('cast devices have a name and an address', () => {
  const devices = readConfig({ RAFFI_CAST_DEVICES: 'Living room@10.0.0.7, b@tv.lan:8010,c@[fd00::7]:9' }).castDevices;
  assert.deepEqual(devices, [
    { name: 'Living room', host: '10.0.0.7', port: 8009 },
    { name: 'b', host: 'tv.lan', port: 8010 },
    { name: 'c', host: 'fd00::7', port: 9 },
  ]);
  for (const bad of ['10.0.0.7', '@10.0.0.7', 'a@', 'a@b:0', 'a@b:99999', 'a@b@c', 'a@http://b']) {
    assert.throws(() => readConfig({ RAFFI_CAST_DEVICES: bad }), ConfigError, bad);
  }
});

test('cast devices are looked for, not looked for, or looked for on one interface', () => {
  const discovery = (text: string) => readConfig({ RAFFI_CAST_DISCOVERY: text }).castDiscovery;
  assert.deepEqual(
    [discovery(''), discovery('ON'), discovery('off'), discovery('10.0.0.2')],
    [{}, {}, undefined, { interface: '10.0.0.2' }],
  );
  assert.throws(() => discovery('maybe'), ConfigError);
});

test('a debugger attaches to workers, to the torrent engine, or to both', () => {
  const inspected = (text: string) => readConfig({ RAFFI_INSPECT: text }).inspect;
  assert.deepEqual(
    [inspected(''), inspected('Workers'), inspected('torrents, workers')],
    [[], ['workers'], ['torrents', 'workers']],
  );
  assert.throws(() => inspected('server'), ConfigError);
});

test('docs/configuration.md is the table of settings', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(page, configurationPage());
});
