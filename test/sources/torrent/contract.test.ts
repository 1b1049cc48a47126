// The contract of Source over a torrent, directly and through the endpoint.
import { after } from 'node:test';

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
