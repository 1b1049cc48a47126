// The contract of segment stores, kept by the local one and by one that answers late.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { LocalSegmentStore } from '../../../src/media/store/local/local-segment-store.ts';
import { segmentStoreContract } from '../../contract/segment-store-contract.ts';
import { MemorySegmentStore } from '../../support/stores/memory-segment-store.ts';

const root = await mkdtemp(join(tmpdir(), 'raffi-stores-'));
after(() => rm(root, { recursive: true, force: true }));

segmentStoreContract('on the local disk', async ({ capBytes }) =>
  LocalSegmentStore.open({ root: await mkdtemp(join(root, 'store-')), capBytes, keepFreeBytes: 0 }),
);
segmentStoreContract('in memory', (options) => MemorySegmentStore.open(options));
segmentStoreContract('in memory, that answers late', (options) => MemorySegmentStore.open({ ...options, delayMs: 15 }));
