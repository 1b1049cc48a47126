// What is told of torrents while several wait for them, some in vain.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { never } from '../../contract/source-contract.ts';
import { sampleBytes } from '../../support/servers/fault-server.ts';
import { Seeder } from '../../support/peers/seeder.ts';
import { torrentOf } from '../../support/peers/torrent-files.ts';
import { appError, openUrl, temporaryDirectory } from '../opened.ts';
import { TorrentStage } from './opened-torrent.ts';

const any = { fileIndex: undefined };

test('who waited too long fails alone: the torrent has no error while another waits or plays', async () => {
  await using stage = await TorrentStage.open(5000);
  const content = sampleBytes(300_000, 3);
  const torrent = torrentOf(content, { name: 'film.mkv' });
  const { infoHash } = torrent;
  const first = stage.torrents.open({ infoHash }, any, never());
  await delay(3500);
  const second = stage.torrents.open({ infoHash }, any, never());
  await assert.rejects(first, appError('SOURCE_STALLED', /within 5 s/u));
  assert.deepEqual([stage.torrents.status(infoHash).stage, stage.torrents.status(infoHash).error], ['metadata', '']);
  await using seeder = await Seeder.start([{ torrent, content }]);
  await using third = await stage.torrents.open({ infoHash, peers: [seeder.address] }, any, never());
  await (await second.catch(() => undefined))?.[Symbol.asyncDispose]();
  assert.equal(stage.torrents.status(infoHash).error, '');
  assert.deepEqual(Buffer.from(await third.read({ start: 5, end: 9 }, never())), Buffer.from(content.subarray(5, 9)));
});

test('a torrent nobody waits for any more says why it could not be opened, until it is tried again', async () => {
  await using stage = await TorrentStage.open(500);
  const { infoHash } = torrentOf(sampleBytes(1000, 4));
  await assert.rejects(stage.torrents.open({ infoHash }, any, never()), appError('SOURCE_STALLED'));
  assert.match(stage.torrents.status(infoHash).error, /No peer/u);
  const again = stage.torrents.open({ infoHash }, any, never());
  assert.equal(stage.torrents.status(infoHash).error, '');
  await assert.rejects(again);
  await assert.rejects(stage.torrents.open({ infoHash }, any, AbortSignal.abort()), { name: 'AbortError' });
});

test('a .torrent file may only lie where the owner says', async () => {
  await using stack = new AsyncDisposableStack();
  const { torrents } = stack.use(await TorrentStage.open());
  const [inside, outside] = [await temporaryDirectory(stack), await temporaryDirectory(stack)];
  const { metainfo } = torrentOf(sampleBytes(1000, 5), { name: 'film.mkv' });
  for (const directory of [inside, outside]) await writeFile(join(directory, 'a.torrent'), metainfo);
  const open = (directory: string) =>
    openUrl(stack, join(directory, 'a.torrent'), { options: { torrents, mediaRoots: [inside] } });
  assert.equal((await open(inside)).opened.kind, 'media');
  await assert.rejects(open(outside), appError('SOURCE_FORBIDDEN', /outside/u));
});

test('what was read is checked once its pieces have passed their hash', async () => {
  await using stage = await TorrentStage.open();
  const content = sampleBytes(2_000_000, 6);
  await using opened = await stage.source(content);
  await opened.source.read({ start: 700_000, end: 900_000 }, never());
  assert.equal(await opened.source.verified(AbortSignal.timeout(10_000)), true);
  await opened.source[Symbol.asyncDispose]();
  assert.equal(await opened.source.verified(never()), false, 'nobody can tell any more');
});
