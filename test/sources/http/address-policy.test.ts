// Where sources may be read from: the rules by themselves, and with real servers that count who connects.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { HlsUpstream } from '../../../src/sources/http/relay/hls-upstream.ts';
import type { OpenSourceOptions } from '../../../src/sources/open/open-source.ts';
import { hashOf, hashOfStream, never } from '../../contract/source-contract.ts';
import { FaultServer, sampleBytes } from '../../support/servers/fault-server.ts';
import { appError, openUrl, policy } from '../opened.ts';

const CONTENT = sampleBytes(300_000);
const FORBIDDEN = appError('SOURCE_FORBIDDEN');

/** Every way to write this machine in an address. */
const SELF = [
  'localhost',
  '127.0.0.1',
  '127.1',
  '0x7f000001',
  '2130706433',
  '0177.0.0.1',
  '[::ffff:127.0.0.1]',
  '127.9.8.7',
];

async function opens(url: string, options: Partial<OpenSourceOptions>): Promise<boolean> {
  await using stack = new AsyncDisposableStack();
  const { opened } = await openUrl(stack, url, { options });
  assert.ok(opened.kind === 'media');
  return (await hashOfStream(opened.source, { start: 0 })) === hashOf(CONTENT);
}

test('a source that is denied this machine never connects to it, however it is written', async () => {
  await using canary = await FaultServer.start(CONTENT);
  for (const host of [...SELF, '[::1]']) {
    await assert.rejects(opens(canary.url('/film', host), { addresses: policy('deny') }), FORBIDDEN, host);
    await assert.rejects(opens(canary.url('/film', host), { requester: 'network' }), FORBIDDEN, host);
  }
  assert.equal(canary.connections, 0);
  for (const host of SELF.slice(0, 5)) assert.ok(await opens(canary.url('/film', host), {}), host);
});

test('this server is never its own source', async () => {
  await using canary = await FaultServer.start(CONTENT);
  const addresses = policy('allow', [Number(new URL(canary.url()).port)]);
  for (const host of SELF) await assert.rejects(opens(canary.url('/film', host), { addresses }), FORBIDDEN, host);
  assert.equal(canary.connections, 0);
});

test('addresses nobody serves films from are refused in every mode, without asking', () => {
  const places = ['169.254.169.254', '[fe80::1]', '0.0.0.0', '[::]', '224.0.0.1', '255.255.255.255', '240.0.0.1'];
  places.push(
    '100.100.100.200',
    '[fd00:ec2::254]',
    '[::ffff:169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
    '[::7f00:1]',
    '[2002:7f00:1::]',
    '[fec0::1]',
    '[4000::1]',
    '2852039166',
    '0',
  );
  for (const host of places) {
    for (const mode of ['auto', 'allow', 'deny'] as const) {
      assert.throws(
        () => policy(mode).assertPossible(new URL(`http://${host}/`), 'owner'),
        FORBIDDEN,
        `${host} ${mode}`,
      );
    }
  }
  for (const host of ['192.168.1.7:8080', '[fd12::7]', '10.0.0.1', 'nas.lan', '8.8.8.8']) {
    policy('auto').assertPossible(new URL(`http://${host}/`), 'owner');
  }
});

test('a redirect is followed from the home network, and checked before it is', async () => {
  await using canary = await FaultServer.start(CONTENT);
  await using server = await FaultServer.start(CONTENT, { redirect: () => canary.url('/film', 'localhost') });
  assert.ok(await opens(server.url(), {}));
  for (const target of ['http://169.254.169.254/latest/', 'http://[fe80::1]/', 'http://0.0.0.0:80/']) {
    await using evil = await FaultServer.start(CONTENT, { redirect: () => target });
    await assert.rejects(opens(evil.url(), {}), FORBIDDEN, target);
  }
});

test('a server of the internet leads nobody into the home network', () => {
  const home = new URL('https://cdn.example/film');
  const [cdn, router] = [
    { hostname: 'cdn.example', port: 443 },
    { hostname: '192.168.1.1', port: 80 },
  ];
  const auto = policy('auto');
  const rules = auto.rulesFor(home, 'owner');
  rules.check('93.184.216.34', cdn);
  rules.redirected(cdn, router);
  assert.throws(() => rules.check('192.168.1.1', router), FORBIDDEN);
  // Nor does its name, turned around between two look-ups.
  assert.throws(() => rules.check('192.168.1.1', cdn), FORBIDDEN);
  assert.throws(() => rules.check('127.0.0.1', cdn), FORBIDDEN);
  rules.check('93.184.216.35', cdn);
  // Nor does it the next time the source is opened.
  assert.throws(() => auto.rulesFor(home, 'owner').check('192.168.1.1', cdn), FORBIDDEN);
  policy('auto').rulesFor(home, 'owner').check('192.168.1.1', cdn);
  const open = policy('allow').rulesFor(home, 'owner');
  open.check('93.184.216.34', cdn);
  open.check('192.168.1.1', router);
});

test('a playlist is a file: what it names in the home network is not asked, other than on its own server', async () => {
  await using canary = await FaultServer.start(CONTENT);
  const port = new URL(canary.url()).port;
  const hosts = [...SELF, 'user@127.0.0.1'].map((host) => `http://${host}:${port}/secret`);
  const playlist = ['#EXTM3U', '#EXT-X-TARGETDURATION:4', ...hosts.flatMap((uri) => ['#EXTINF:4,', uri]), '/own.ts'];
  await using server = await FaultServer.start(Buffer.from(playlist.join('\n')), { contentType: null });
  await using stack = new AsyncDisposableStack();
  const { opened } = await openUrl(stack, server.url('/list.m3u8'), {});
  assert.ok(opened.kind === 'hls' && opened.upstream instanceof HlsUpstream);
  const urls: URL[] = [];
  await opened.upstream.playlist(opened.upstream.url, ({ url }) => String(urls.push(url)), never());
  assert.equal(urls.length, hosts.length + 1);
  for (const url of urls.slice(0, -1)) {
    await assert.rejects(opened.upstream.fetch(url, undefined, never()), FORBIDDEN, url.href);
    await assert.rejects(
      opened.upstream.playlist(url, () => '', never()),
      FORBIDDEN,
      url.href,
    );
  }
  assert.equal(canary.connections, 0);
  const own = await opened.upstream.fetch(urls.at(-1) ?? opened.upstream.url, undefined, never());
  assert.equal(own.status, 200);
  await own[Symbol.asyncDispose]();
});
