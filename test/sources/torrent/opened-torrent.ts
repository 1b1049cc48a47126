// A torrent as a source for tests: a real engine process, a real seeder, everything closed afterwards.
import assert from 'node:assert/strict';

import { readConfig } from '../../../src/config/config.ts';
import { SourceEndpoint } from '../../../src/sources/endpoint/source-endpoint.ts';
import { lockDirectory } from '../../../src/state/sqlite/directory-lock.ts';
import { openTorrentEngine } from '../../../src/sources/torrent/engine-client/open-torrent-engine.ts';
import type { TorrentEngine } from '../../../src/torrent-engine/protocol/torrent-engine.ts';
import type { TorrentSource } from '../../../src/sources/torrent/torrent-source.ts';
import { Torrents } from '../../../src/sources/torrent/torrents.ts';
import { never, type OpenSubject } from '../../contract/source-contract.ts';
import { Seeder } from '../../support/peers/seeder.ts';
import { torrentOf, type FileToShare, type MadeTorrent } from '../../support/peers/torrent-files.ts';
import { temporaryDirectory } from '../opened.ts';

const QUIET = {
  RAFFI_TORRENT_LISTEN: '127.0.0.1',
  RAFFI_TORRENT_DHT: '0',
  RAFFI_TORRENT_LSD: '0',
  RAFFI_TORRENT_PORT_MAPPING: '0',
  RAFFI_TORRENT_PRIVATE_PEERS: '1',
  RAFFI_TORRENT_UTP: '0',
  RAFFI_TORRENT_WEBRTC: '0',
};

/** One engine for many torrents. */
export class TorrentStage implements AsyncDisposable {
  readonly torrents: Torrents;
  readonly engine: TorrentEngine;
  readonly #stack: AsyncDisposableStack;

  private constructor(stack: AsyncDisposableStack, parts: { torrents: Torrents; engine: TorrentEngine }) {
    this.#stack = stack;
    this.torrents = parts.torrents;
    this.engine = parts.engine;
  }

  static async open(metadataLimitMs = 20_000): Promise<TorrentStage> {
    await using stack = new AsyncDisposableStack();
    const directory = await temporaryDirectory(stack);
    const publisher = stack.use(await SourceEndpoint.open());
    const { torrents: settings } = readConfig(QUIET);
    const recordChild = () => ({ forget: () => undefined });
    const engine = openTorrentEngine({ directory, lockDirectory, settings, log: () => undefined, recordChild });
    const torrents = stack.use(new Torrents({ engine, publisher, metadataLimitMs, keepMs: 60_000 }));
    return new TorrentStage(stack.move(), { torrents, engine });
  }

  /** A torrent of one file with a seeder of its own, by magnet. */
  async source(content: Uint8Array): Promise<OpenSubject & { source: TorrentSource }> {
    return this.shared(torrentOf(content, { name: 'film.mkv', pieceBytes: 256 * 1024 }), content);
  }

  /** A torrent of these files, in this order. */
  async release(files: readonly FileToShare[], fileIndex?: number): Promise<OpenSubject & { source: TorrentSource }> {
    const content = Buffer.concat(files.map((file) => file.content));
    return this.shared(torrentOf(files, { name: 'Release', pieceBytes: 60_000 }), content, fileIndex);
  }

  async shared(
    torrent: MadeTorrent,
    content: Uint8Array,
    fileIndex?: number,
  ): Promise<OpenSubject & { source: TorrentSource }> {
    await using stack = new AsyncDisposableStack();
    const seeder = stack.use(await Seeder.start([{ torrent, content }]));
    const request = { infoHash: torrent.infoHash, peers: [seeder.address] };
    stack.defer(async () => {
      assert.ok(await this.engine.remove(torrent.infoHash));
    });
    const source = stack.use(await this.torrents.open(request, { fileIndex }, never()));
    const owned = stack.move();
    return { source, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
