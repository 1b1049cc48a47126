// Opens a torrent as a source: by magnet or info hash, or by a `.torrent` file that is read first.
import { AppError } from '../base/app-error.ts';
import { FileSource } from './file/file-source.ts';
import { inspectFile } from './file/inspect-file.ts';
import { BRIEF, type RetryPolicy } from './http/retry-policy.ts';
import { fetchSmallFile } from './http/small-file.ts';
import { sourceClient, type SourceClientOptions } from './source-client.ts';
import type { FileLocator, HttpLocator, TorrentLocator } from './source-locator.ts';
import { MAX_TORRENT_FILE_BYTES } from './torrent/metainfo.ts';
import type { TorrentSource } from './torrent/torrent-source.ts';
import { requestOf, requestOfMagnet, type Torrents } from './torrent/torrents.ts';

export interface OpenTorrentOptions extends SourceClientOptions {
  /** Undefined: torrents are refused. */
  torrents?: Torrents | undefined;
  /** When given, `.torrent` files outside these directories are refused. Absolute paths. */
  mediaRoots?: readonly string[] | undefined;
  /** Limits for fetching a `.torrent` file. */
  firstRetry?: Partial<RetryPolicy> | undefined;
}

/** @throws AppError as the place of the `.torrent` file, and as {@link Torrents.open} */
export async function openTorrent(
  locator: TorrentLocator,
  options: OpenTorrentOptions,
  signal: AbortSignal,
): Promise<TorrentSource> {
  const { torrents } = options;
  if (torrents === undefined) throw new AppError('SOURCE_UNUSABLE', 'Torrents are switched off');
  const { torrent, fileIndex } = locator;
  if (torrent.kind === 'magnet') {
    const { magnet } = torrent;
    return torrents.open(requestOfMagnet(magnet), { fileIndex, selected: magnet.selected }, signal);
  }
  const metainfo = await (torrent.kind === 'file'
    ? readTorrentFile(torrent, options.mediaRoots, signal)
    : fetchTorrentFile(torrent, options, signal));
  return torrents.open(requestOf(metainfo), { fileIndex }, signal);
}

async function readTorrentFile(
  { path }: FileLocator,
  roots: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (roots !== undefined) await inspectFile(path, roots);
  await using source = await FileSource.open(path, signal);
  return await source.read({ start: 0, end: MAX_TORRENT_FILE_BYTES + 1 }, signal);
}

async function fetchTorrentFile(
  locator: HttpLocator,
  options: OpenTorrentOptions,
  signal: AbortSignal,
): Promise<Uint8Array> {
  await using client = sourceClient(locator, options);
  return await fetchSmallFile(
    { client, url: locator.url, policy: { ...BRIEF, ...options.firstRetry } },
    MAX_TORRENT_FILE_BYTES,
    signal,
  );
}
