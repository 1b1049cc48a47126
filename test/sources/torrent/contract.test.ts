// The contract of Source over a torrent, directly and through the endpoint.
import { after } from 'node:test';

import { rarVolumes } from '../../support/peers/rar-archives.ts';
import { testSourceContract } from '../../contract/source-contract.ts';
import { throughEndpoint } from '../opened.ts';
import { TorrentStage } from './opened-torrent.ts';

const stage = await TorrentStage.open();
after(() => stage[Symbol.asyncDispose]());

testSourceContract({ name: 'torrent', open: (content) => stage.source(content) });

testSourceContract({
  name: 'torrent, through the endpoint',
  async open(content) {
    const opened = await stage.source(content);
    return { source: throughEndpoint(opened.source), [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  },
});

testSourceContract({
  name: 'torrent, packed in volumes',
  async open(content) {
    const volumes = rarVolumes([{ name: 'film.mkv', content }], { format: 5, volumeBytes: 200_000 });
    const named = volumes.map((volume, index) => ({ path: [`film.part${index + 1}.rar`], content: volume }));
    // In the order of the alphabet, in which torrents have them.
    return stage.release(named.toSorted((one, other) => (String(one.path) < String(other.path) ? -1 : 1)));
  },
});
