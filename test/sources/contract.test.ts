// The contract of Source over every kind there is, directly and through the endpoint.
import { testSourceContract } from '../contract/source-contract.ts';
import { openLocal, openRemote, throughEndpoint } from './opened.ts';

testSourceContract({ name: 'file', open: openLocal });

testSourceContract({ name: 'server with ranges', open: (content) => openRemote(content) });

testSourceContract({
  name: 'server with ranges, tiny cache',
  open: (content) => openRemote(content, {}, { cacheBytes: 512 * 1024, readAheadBytes: 128 * 1024 }),
});

testSourceContract({ name: 'server without ranges', open: (content) => openRemote(content, { ranges: false }) });

testSourceContract({
  name: 'server with ranges, through the endpoint',
  async open(content) {
    const opened = await openRemote(content);
    return { ...opened, source: throughEndpoint(opened.source) };
  },
});

testSourceContract({
  name: 'server without ranges, through the endpoint',
  async open(content) {
    const opened = await openRemote(content, { ranges: false });
    return { ...opened, source: throughEndpoint(opened.source) };
  },
});
