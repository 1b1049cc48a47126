// Torrents in a home network of two machines: peers that are found there.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { at } from '../http/json.ts';
import { Seeder } from '../servers/seeder.ts';
import { torrentOf } from '../servers/torrent-files.ts';
import { noise } from '../sources/torrent/running-engine.ts';
import { ask, homeNetwork, type HomeNetwork, type Reply } from './home-network.ts';
import { startServer, type ServerProcess } from './server-process.ts';

const found = homeNetwork();
const network: HomeNetwork | undefined = found?.deviceHost === undefined ? undefined : found;
const ENV = { RAFFI_TORRENT_LISTEN: '', RAFFI_TORRENT_LSD: '1', RAFFI_TORRENT_PRIVATE_PEERS: '0' };

suite('torrents in a home network', { skip: network === undefined && 'there are no network namespaces' }, () => {
  const home = (): HomeNetwork => network ?? assert.fail();
  const stack = new AsyncDisposableStack();
  let server: ServerProcess | undefined;

  before(async () => {
    stack.defer(() => network?.[Symbol.dispose]());
    server = stack.use(await startServer({ prefix: home().server, env: ENV }));
  });
  after(() => stack.disposeAsync());

  const local = (path: string, words: string[] = []): Reply => ask(home().server, `${server?.url}${path}`, words);

  for (const first of ['the neighbour', 'the server']) {
    test(`a neighbour with the film is found when ${first} was there first`, async () => {
      const content = noise(2 ** 20, first);
      const torrent = torrentOf(content, { pieceBytes: 256 * 1024 });
      const neighbour = { prefix: home().device, host: home().deviceHost ?? '', isLocalDiscovery: true };
      const seed = () => Seeder.start([{ torrent, content }], neighbour);
      await using early = first === 'the neighbour' ? await seed() : undefined;
      const body = JSON.stringify({ source: torrent.infoHash, kind: 'torrent' });
      const made = local('/sessions', ['-H', 'Content-Type: application/json', '-d', body]);
      assert.equal(made.status, 200, made.body);
      if (!early) await delay(1000);
      await using _late = early ? undefined : await seed();
      const film = local(`/torrents/${torrent.infoHash}`);
      assert.equal(film.status, 200, film.body.slice(0, 300) + server?.output());
      assert.ok(Buffer.from(film.body, 'latin1').equals(content));
      local(`/sessions/${String(at(made.body, 'id'))}`, ['-X', 'DELETE']);
    });
  }
});
