// Torrents in a home network of two machines: local peers, external addresses that lead into the network, and the router.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { at } from '../http/json.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf } from '../support/peers/torrent-files.ts';
import { noise, until } from '../sources/torrent/running-engine.ts';
import { ask, homeNetwork, runScript, type HomeNetwork, type Reply } from '../support/servers/home-network.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';

const found = homeNetwork();
const network: HomeNetwork | undefined = found?.deviceHost === undefined ? undefined : found;
/** A server that any device can reach, and that must not connect into the network. */
const ENV = { RAFFI_TORRENT_LISTEN: '', RAFFI_TORRENT_PRIVATE_PEERS: '0', RAFFI_TORRENT_PORT_MAPPING: '1' };
const NEIGHBOURS = { RAFFI_TORRENT_LSD: '1' };

suite('torrents in a home network', { skip: network === undefined && 'there are no network namespaces' }, () => {
  const home = (): HomeNetwork => network ?? assert.fail();
  const stack = new AsyncDisposableStack();
  const { deviceHost = '', publicHost = '' } = network ?? {};

  before(() => {
    stack.defer(() => network?.[Symbol.dispose]());
  });
  after(() => stack.disposeAsync());

  const start = (env: Record<string, string>): Promise<ServerProcess> =>
    startServer({ prefix: home().server, env: { ...ENV, ...env } });
  const local = (server: ServerProcess, path: string, words: string[] = []): Reply =>
    ask(home().server, `${server.url}${path}`, words);

  function open(server: ServerProcess, source: string): string {
    const body = JSON.stringify({ source, kind: 'torrent' });
    const made = local(server, '/sessions', ['-H', 'Content-Type: application/json', '-d', body]);
    assert.equal(made.status, 200, made.body);
    return String(at(made.body, 'id'));
  }

  test('a neighbour with the film is found, whoever was there first, though there is no way to the internet', async () => {
    await using server = await start(NEIGHBOURS);
    using _babble = await runScript(home().device, babbler(deviceHost));
    for (const isNeighbourFirst of [true, false]) {
      const content = noise(2 ** 20, `neighbour ${isNeighbourFirst}`);
      const torrent = torrentOf(content, { pieceBytes: 256 * 1024 });
      const neighbour = { prefix: home().device, host: deviceHost, isLocalDiscovery: true };
      await using early = isNeighbourFirst ? await Seeder.start([{ torrent, content }], neighbour) : undefined;
      open(server, torrent.infoHash);
      if (!early) await delay(1000);
      await using _late = early ? undefined : await Seeder.start([{ torrent, content }], neighbour);
      const film = local(server, `/torrents/${torrent.infoHash}`);
      assert.equal(film.status, 200, film.body.slice(0, 300) + server.output());
      assert.ok(Buffer.from(film.body, 'latin1').equals(content));
    }
    await until('it is said that there is no router', () => server.output().includes('no router lets peers in'));
    assert.equal(server.output().split('no router lets peers in').length, 2);
    assert.doesNotMatch(server.output(), /torrent library/u);
  });

  test('local discovery announces a torrent, and never a private one', async () => {
    await using server = await start(NEIGHBOURS);
    using neighbour = await runScript(home().device, listener(deviceHost));
    const content = noise(2 ** 18, 'neighbours');
    const [secret, known] = [true, false].map((isPrivate) => torrentOf(content, { pieceBytes: 2 ** 18, isPrivate }));
    for (const torrent of [secret, known]) {
      assert.ok(torrent);
      const path = join(server.home.tmp, `${torrent.infoHash}.torrent`);
      await writeFile(path, torrent.metainfo);
      const type = 'Content-Type: application/x-bittorrent';
      const reply = local(server, '/torrents', ['-H', type, '--data-binary', `@${path}`]);
      assert.equal(reply.status, 200, reply.body);
    }
    await until('the other is heard of', () => neighbour.output().includes(known?.infoHash ?? '?'));
    assert.ok(!neighbour.output().includes(secret?.infoHash ?? ''));
  });

  const ROUTERS: [name: string, script: string, isOpen: boolean][] = [
    ['NAT-PMP', natPmpRouter(), false],
    ['UPnP', upnpRouter(deviceHost), true],
  ];
  for (const [name, script, isOpen] of ROUTERS) {
    test(`a router with ${name} lets peers in until the end, and strangers lead into the network ${isOpen ? 'when they may' : 'nowhere'}`, async () => {
      const [, , , serverName = ''] = home().server;
      execFileSync('ip', ['-n', serverName, 'route', 'replace', 'default', 'via', deviceHost]);
      using router = await runScript(home().device, script);
      using stranger = await runScript(home().device, strangers(deviceHost, publicHost));
      const env = { RAFFI_TORRENT_DHT: '1', RAFFI_TORRENT_DHT_NODES: `${publicHost}:6881` };
      await using server = await start({ ...env, RAFFI_TORRENT_PRIVATE_PEERS: isOpen ? '1' : '0' });
      const content = noise(2 ** 18, name);
      const { infoHash } = torrentOf(content, { pieceBytes: 2 ** 18 });
      open(server, `magnet:?xt=urn:btih:${infoHash}&tr=http://${publicHost}:8000/announce`);
      await until('the router lets peers in', () => server.output().includes(`the router lets peers in (${name})`));
      await until(
        'the strangers are asked',
        () => /asked dht/u.test(stranger.output()) && /asked http/u.test(stranger.output()),
      );
      const canaries = ['canary redirect', 'canary node', 'canary peer'];
      const sing = (): string[] => canaries.filter((each) => stranger.output().includes(each));
      if (isOpen) await until('all canaries sing', () => sing().length === canaries.length);
      else await delay(1500);
      assert.deepEqual(sing(), isOpen ? canaries : []);
      const mapped = router.output().match(/^mapped \w+ \d+$/gmu) ?? [];
      assert.equal(new Set(mapped).size, 3, router.output());
      const { milliseconds } = await server.end('SIGTERM');
      assert.ok(milliseconds < 1500, `${milliseconds} ms`);
      const unmapped = router.output().match(/^unmapped \w+ \d+$/gmu) ?? [];
      assert.deepEqual(unmapped.map((line) => line.slice(2)).sort(), [...new Set(mapped)].sort());
    });
  }
});

/** A device that sends garbage to every listener of local discovery. */
function babbler(deviceHost: string): string {
  return `const socket = require('node:dgram').createSocket('udp4').bind(0, '${deviceHost}', () => {
      socket.setMulticastInterface('${deviceHost}');
      const head = 'BT-SEARCH * HTTP/1.1\\r\\n';
      const texts = ['', head, head + 'Host', head + 'Port: 99999', head + 'Port: 99999\\r\\nInfohash: x', 'BT'];
      for (let count = 0; count < 30; count += 1) socket.send(texts[count % texts.length], 6771, '239.192.152.143');
      console.log('said');
    });`;
}

/** A device that records the torrents that are announced. */
function listener(deviceHost: string): string {
  return `const socket = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true }).bind(6771, () => {
      socket.addMembership('239.192.152.143', '${deviceHost}');
      socket.on('message', (bytes) => console.log(bytes.toString('latin1').toLowerCase()));
      console.log('said');
    });`;
}

/** Servers at an internet address: a tracker that redirects into the network, and a DHT node that knows only addresses in it. */
function strangers(deviceHost: string, publicHost: string): string {
  return `const { createServer } = require('node:http');
    const say = (line) => console.log(line);
    createServer((request, response) => {
      say('asked http');
      response.writeHead(302, { location: 'http://${deviceHost}:8001/announce' }).end();
    }).listen(8000, '${publicHost}');
    createServer((request, response) => { say('canary redirect'); response.end(); }).listen(8001, '${deviceHost}');
    require('node:net').createServer((socket) => { say('canary peer'); socket.destroy(); }).listen(8002, '${deviceHost}');
    const udp = () => require('node:dgram').createSocket('udp4');
    udp().on('message', () => say('canary node')).bind(6882, '${deviceHost}');
    const place = (port) => Buffer.from([${deviceHost.split('.').join(', ')}, port >> 8, port & 255]);
    const node = udp().on('message', (message, from) => {
      say('asked dht');
      const [, ticket] = /1:t2:([^]{2})/.exec(message.toString('latin1')) ?? [];
      if (ticket === undefined) return;
      const parts = ['d1:rd2:id20:', 'n'.repeat(20), '5:nodes26:', 'o'.repeat(20), place(6882), '5:token1:x6:valuesl6:', place(8002), 'ee1:t2:', Buffer.from(ticket, 'latin1'), '1:y1:re'];
      node.send(Buffer.concat(parts.map((part) => Buffer.from(part))), from.port, from.address);
    }).bind(6881, '${publicHost}', () => say('ready'));`;
}

/** NAT-PMP (RFC 6886). */
function natPmpRouter(): string {
  return `const socket = require('node:dgram').createSocket('udp4').on('message', (asked, from) => {
      const life = asked.readUInt32BE(8);
      console.log((life > 0 ? 'mapped ' : 'unmapped ') + (asked[1] === 1 ? 'UDP' : 'TCP') + ' ' + asked.readUInt16BE(4));
      const answer = Buffer.alloc(16);
      answer[1] = asked[1] + 128;
      asked.copy(answer, 8, 4, 8);
      answer.writeUInt32BE(life, 12);
      socket.send(answer, from.port, from.address);
    }).bind(5351, () => console.log('ready'));`;
}

/** UPnP IGD: search, description, and the two calls. */
function upnpRouter(deviceHost: string): string {
  return `const KIND = 'urn:schemas-upnp-org:service:WANIPConnection:1';
    const value = (text, name) => (new RegExp('<' + name + '>(.*?)</' + name + '>').exec(text) ?? [])[1];
    require('node:http').createServer(async (request, response) => {
      const text = Buffer.concat(await request.toArray()).toString();
      if (request.method === 'GET') return response.end('<?xml version="1.0"?><root><device><serviceList><service><serviceType>' + KIND
        + '</serviceType><controlURL>/control</controlURL><SCPDURL>/scpd</SCPDURL></service></serviceList></device></root>');
      const call = /#(\\w+)/.exec(request.headers.soapaction)[1];
      console.log((call === 'AddPortMapping' ? 'mapped ' : 'unmapped ') + value(text, 'NewProtocol') + ' ' + value(text, 'NewExternalPort'));
      response.end('<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:' + call
        + 'Response xmlns:u="' + KIND + '"/></s:Body></s:Envelope>');
    }).listen(5000, '${deviceHost}');
    const socket = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true }).on('message', (asked, from) => {
      const kind = /\\nST: (.*)\\r/.exec(asked)?.[1];
      const answer = 'HTTP/1.1 200 OK\\r\\nST: ' + kind + '\\r\\nLOCATION: http://${deviceHost}:5000/root.xml\\r\\n\\r\\n';
      if (kind) socket.send(answer, from.port, from.address);
    }).bind(1900, () => { socket.addMembership('239.255.255.250', '${deviceHost}'); console.log('ready'); });`;
}
