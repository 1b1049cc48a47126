// What every media item must do: the suite of the port in src/presentation/media-item.ts. It plays the item as a client would: by the names
// that its playlists give.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AppError } from '../../src/base/app-error.ts';
import type { ItemHandle, MediaItem } from '../../src/presentation/media-item.ts';
import { bytesOfSegment } from '../support/stores/segment-bytes.ts';

const VIEWER = 'viewer';
const REQUEST = { audioIndex: 0, chosenAudioIndex: undefined, startSeconds: undefined };

/** @param open an item of a finite duration, with one audio track or more; the test disposes the handle */
export function mediaItemContract(name: string, open: () => Promise<ItemHandle>): void {
  const never = new AbortController().signal;
  const isMissing = (error: unknown) => error instanceof AppError && error.code === 'NOT_FOUND';

  /** What stands at a path below the session. */
  async function fetched(item: MediaItem, path: string): Promise<Buffer> {
    const [rendition = '', file = ''] = path.split('/');
    if (path === 'stream.m3u8') return Buffer.from(await item.multivariant({ ...REQUEST, quality: undefined }, never));
    if (rendition === 'stream') {
      const reply = await item.streamFile({ name: file, range: undefined, audioIndex: 0 }, never);
      if ('get' in reply) return bytesOfSegment(await reply.get(VIEWER, never));
      if ('text' in reply) return Buffer.from(reply.text);
      const chunks: Uint8Array[] = [];
      for await (const chunk of reply.relayed.body) chunks.push(chunk);
      return Buffer.concat(chunks);
    }
    if (file === 'playlist.m3u8') return Buffer.from(item.mediaPlaylist(rendition));
    if (file === 'init.mp4') return Buffer.from(await item.init(rendition, never));
    return bytesOfSegment(await item.segment(rendition, file).get(VIEWER, never));
  }

  /** Plays the first and the last segment of every playlist below `path`; returns how many answers had bytes. */
  async function walked(item: MediaItem, path: string): Promise<number> {
    const text = (await fetched(item, path)).toString('utf8');
    if (!text.startsWith('#EXTM3U')) {
      assert.ok(text.length > 0, path);
      return 1;
    }
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const names = [...text.matchAll(/URI="([^"]+)"/gu)].map(([, uri]) => uri ?? '');
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    let count = 0;
    for (const uri of new Set([...names, ...lines.slice(0, 1), ...lines.slice(-1)]))
      count += await walked(item, folder + uri);
    return count;
  }

  suite(`the media item ${name}`, () => {
    test('plays by the names in its multivariant playlist, and by those in its muxed one', async () => {
      await using handle = await open();
      const { item } = handle;
      assert.ok((await walked(item, 'stream.m3u8')) >= 4);
      const muxed = await item.muxedPlaylist({ ...REQUEST, prefix: 'stream/' }, never);
      const [first = ''] = muxed.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      assert.ok((await walked(item, first)) >= 1);
    });

    test('begins where it is told to', async () => {
      await using handle = await open();
      const { item } = handle;
      const start = { ...REQUEST, startSeconds: 4 };
      const texts = [
        await item.multivariant({ ...start, quality: undefined }, never),
        await item.muxedPlaylist({ ...start, prefix: '' }, never),
      ];
      for (const text of texts) assert.match(text, /^#EXT-X-START:TIME-OFFSET=4(?:\.0+)?(?:,|$)/mu);
    });

    test('gives cast devices a playlist that plays', async () => {
      await using handle = await open();
      const { playlist, format } = handle.item.castPlaylist(0);
      assert.ok((await walked(handle.item, playlist)) >= 1);
      assert.ok(format === undefined || format === 'mpegts');
    });

    test('says what it knows of itself', async () => {
      await using handle = await open();
      const { info } = handle.item;
      assert.ok((info.durationSeconds ?? 0) > 0);
      assert.ok(info.audio.length >= 1);
      assert.equal(typeof info.canSeek, 'boolean');
      assert.equal(handle.isStale, false);
    });

    test('says of what does not exist that it does not exist', async () => {
      await using handle = await open();
      const { item } = handle;
      assert.throws(() => item.mediaPlaylist('nothing'), isMissing);
      assert.throws(() => item.segment('nothing', 'segment00000.m4s'), isMissing);
      await assert.rejects(async () => item.init('nothing', never), isMissing);
      for (const missing of ['nothing.ts', 'segment99999.ts', '../etc/passwd', ''])
        await assert.rejects(
          item.streamFile({ name: missing, range: undefined, audioIndex: 0 }, never),
          isMissing,
          missing,
        );
      assert.throws(() => item.subtitles(99, 0), isMissing);
    });

    test('is left by a viewer, and disposed, more than once without harm', async () => {
      const handle = await open();
      handle.item.releaseViewer(VIEWER);
      handle.item.releaseViewer(VIEWER);
      await handle[Symbol.asyncDispose]();
      await handle[Symbol.asyncDispose]();
    });
  });
}
