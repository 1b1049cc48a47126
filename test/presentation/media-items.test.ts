// The contract of media items, kept by those that are made here and by those that another server makes.
import { after } from 'node:test';
import { mediaItemContract } from '../contract/media-item-contract.ts';
import { clip } from '../support/clips/clips.ts';
import { startUpstream } from '../support/servers/hls-upstream.ts';
import { openEngine } from '../support/workers/media-engine.ts';

const never = new AbortController().signal;
const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());
const upstream = stack.use(await startUpstream());
const engine = await openEngine(stack);
const film = await clip('mp4-faststart');

const named = (uri: string, kind: 'file' | 'http') => ({ uri, kind, headers: {}, fileIndex: undefined });

mediaItemContract('over the media engine', () => engine.items.open(named(film, 'file'), never));
mediaItemContract('that another server makes', () =>
  upstream.items.open(named(`${upstream.url}/top.m3u8`, 'http'), never),
);
