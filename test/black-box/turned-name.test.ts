// DNS rebinding of a source: a name that first resolves to the internet and then into the home network, on a real name server.
import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { at } from '../http/json.ts';
import { clip } from '../support/clips/clips.ts';
import { ask, homeNetwork, runScript } from '../support/servers/home-network.ts';
import { startServer } from '../support/servers/server-process.ts';

const network = homeNetwork();
after(() => network?.[Symbol.dispose]());
const REASON = network?.publicHost === undefined && 'this machine has no network to test with';

test('a name that turns around between two look-ups leads nobody into the home network', { skip: REASON }, async () => {
  const { server: here, device: there, deviceHost = '', publicHost = '' } = network ?? assert.fail();
  await using folder = await mkdtempDisposable(join(tmpdir(), 'raffi-names-'));
  const resolver = join(folder.path, 'resolv.conf');
  await writeFile(resolver, `nameserver ${deviceHost}\noptions timeout:2 attempts:2\n`);
  using names = await runScript(there, nameServer({ host: deviceHost, first: publicHost, afterwards: deviceHost }));
  using web = await runScript(there, webServer(await clip('mp4-moov-last'), deviceHost));
  // The command prefix runs the server in a private mount namespace.
  const ownNames = ['sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', resolver];
  await using server = await startServer({ prefix: [...here, ...ownNames] });
  const local = (path: string, words: string[] = []) => ask(here, `${server.url}${path}`, words).body;
  const source = `http://turned.example:${web.firstLine}/film.mp4`;
  const made = local('/sessions', ['-H', 'Content-Type: application/json', '-d', JSON.stringify({ source })]);
  const id = String(at(made, 'id'));
  const answers = [`/sessions/${id}`, `/sessions/${id}/stream.m3u8`].map((path) => local(path)).join('\n');
  // Their output is read between two waits only.
  await delay(200);
  assert.match(web.output(), /asked on the internet/u, answers);
  assert.ok(
    names
      .output()
      .split('\n')
      .filter((line) => line === 'asked').length > 1,
    'the name was looked up again',
  );
  assert.doesNotMatch(web.output(), /asked at home/u);
  assert.match(answers, /leads to turned\.example:\d+ in the home network/u);
});

/** Answers every address query: the first one with `first`, all others with `afterwards`. */
function nameServer({ host, first, afterwards }: Record<'host' | 'first' | 'afterwards', string>): string {
  return `const socket = require('node:dgram').createSocket('udp4');
    let count = 0;
    socket.on('message', (question, from) => {
      const end = question.indexOf(0, 12) + 5;
      const isAddress = question.readUInt16BE(end - 4) === 1;
      if (isAddress) console.log('asked');
      const address = isAddress ? (count++ === 0 ? '${first}' : '${afterwards}').split('.') : [];
      const head = Buffer.concat([question.subarray(0, 2), Buffer.from([0x81, 0x80, 0, 1, 0, isAddress ? 1 : 0, 0, 0, 0, 0])]);
      // A pointer to the name, type A, class IN, TTL 0, four bytes of data.
      const answer = isAddress ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.map(Number)]) : Buffer.alloc(0);
      socket.send(Buffer.concat([head, question.subarray(12, end), answer]), from.port, from.address);
    });
    socket.bind(53, '${host}', () => console.log('ready'));`;
}

/** Serves the media over one connection per request, and reports the address of each request. */
function webServer(path: string, home: string): string {
  return `const film = require('node:fs').readFileSync(${JSON.stringify(path)});
    const server = require('node:http').createServer((request, response) => {
      console.log(request.socket.localAddress.endsWith('${home}') ? 'asked at home' : 'asked on the internet');
      const [, start, end] = /^bytes=(\\d+)-(\\d*)$/.exec(request.headers.range ?? 'bytes=0-').map(Number);
      const last = Math.min(end || film.length - 1, film.length - 1);
      const headers = { connection: 'close', etag: '"1"', 'content-length': last - start + 1 };
      const range = 'bytes ' + start + '-' + last + '/' + film.length;
      response.writeHead(206, { ...headers, 'content-range': range }).end(film.subarray(start, last + 1));
    });
    server.listen(0, '0.0.0.0', () => console.log(server.address().port));`;
}
