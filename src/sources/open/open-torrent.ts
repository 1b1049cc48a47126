// Opens a torrent as a source: by magnet or info hash, or by a `.torrent` file, which is read first.
import { AppError } from '../../base/app-error.ts';
import { fetchExactSources } from './exact-sources.ts';
import { FileSource } from '../file/file-source.ts';
import { inspectFile } from '../file/inspect-file.ts';
import { codingOf } from '../http/client/content-coding.ts';
import type { InitialResponse } from '../http/response/initial-response.ts';
import { MagnetRedirect } from '../http/client/magnet-redirect.ts';
import { BRIEF, type RetryPolicy } from '../http/client/retry-policy.ts';
import { fetchSmallFile } from '../http/response/small-file.ts';
import { sourceClient, type SourceClientOptions } from './source-client.ts';
import type { FileLocator, HttpLocator, TorrentLocator } from './source-locator.ts';
import { parseMagnet, type Magnet } from '../torrent/magnet.ts';
import { MAX_TORRENT_FILE_BYTES } from '../../torrent-engine/protocol/metainfo.ts';
import { namedTorrent, type NamedTorrent } from '../torrent/named-torrent.ts';
import type { TorrentSource } from '../torrent/torrent-source.ts';
import { requestOf, requestOfMagnet, type Torrents } from '../torrent/torrents.ts';

export interface OpenTorrentOptions extends SourceClientOptions {
  /** Undefined: torrents are refused. */
  torrents?: Torrents | undefined;
  /** Whether magnet links may name addresses of this machine and its network; default: no. */
  privateHints?: boolean | undefined;
  /** When given, `.torrent` files outside these directories are refused. Absolute paths. */
  mediaRoots?: readonly string[] | undefined;
  /** Limits for retries of a request for a `.torrent` file. */
  firstRetry?: Partial<RetryPolicy> | undefined;
}

/** @throws AppError as for a source at the URL or path of the `.torrent` file, and as {@link Torrents.open} */
export async function openTorrent(
  { torrent, fileIndex }: TorrentLocator,
  options: OpenTorrentOptions,
  signal: AbortSignal,
): Promise<TorrentSource> {
  torrentsOf(options);
  const named = torrent.kind === 'magnet' ? torrent : await readNamed(torrent, options, signal);
  return openNamed(named, { ...options, fileIndex }, signal);
}

export interface OpenNamedOptions extends OpenTorrentOptions {
  /** Undefined: the largest video. */
  fileIndex: number | undefined;
}

/** @throws AppError as {@link Torrents.open} */
export async function openNamed(
  named: NamedTorrent,
  options: OpenNamedOptions,
  signal: AbortSignal,
): Promise<TorrentSource> {
  const { fileIndex } = options;
  if (named.kind === 'magnet') return openMagnet(named.magnet, options, signal);
  return torrentsOf(options).open(requestOf(named.metainfo), { fileIndex }, signal);
}

/** The whole `.torrent` file of an initial response; it is requested again when the response is incomplete or compressed. */
export async function namedBy(
  { initial, locator }: { initial: InitialResponse; locator: HttpLocator },
  options: OpenTorrentOptions,
  signal: AbortSignal,
): Promise<NamedTorrent> {
  const parts = [initial.head];
  let sizeBytes = initial.head.length;
  for await (const chunk of initial.rest.chunks) {
    parts.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_TORRENT_FILE_BYTES) break;
  }
  const isPlain = codingOf(initial.head, initial.contentEncoding) === undefined;
  const isWhole = isPlain && (initial.sizeBytes === undefined || initial.sizeBytes === sizeBytes);
  return isWhole ? namedTorrent(Buffer.concat(parts)) : readNamed(locator, options, signal);
}

/** The magnet of a redirect to a magnet link. @throws `error` if it is any other failure */
export function namedByFailure(error: unknown): NamedTorrent {
  if (error instanceof MagnetRedirect) return { kind: 'magnet', magnet: parseMagnet(error.link.trim()) };
  throw error;
}

/** Uses the first metainfo that arrives: from peers, or from a URL in the magnet link. */
async function openMagnet(magnet: Magnet, options: OpenNamedOptions, signal: AbortSignal): Promise<TorrentSource> {
  const torrents = torrentsOf(options);
  const opened = new AbortController();
  const opening = torrents.open(
    requestOfMagnet(magnet),
    { fileIndex: options.fileIndex, selected: magnet.selected },
    signal,
  );
  const either = AbortSignal.any([signal, opened.signal]);
  fetchExactSources(
    magnet,
    { ...options, onMetainfo: (bytes) => torrents.addMetainfo(magnet.infoHash, bytes) },
    either,
  );
  try {
    return await opening;
  } finally {
    opened.abort();
  }
}

async function readNamed(
  place: FileLocator | HttpLocator,
  options: OpenTorrentOptions,
  signal: AbortSignal,
): Promise<NamedTorrent> {
  if (place.kind === 'file') return namedTorrent(await readTorrentFile(place, options.mediaRoots, signal));
  try {
    return namedTorrent(await fetchTorrentFile(place, options, signal));
  } catch (error) {
    return namedByFailure(error);
  }
}

function torrentsOf({ torrents }: OpenTorrentOptions): Torrents {
  if (torrents === undefined) throw new AppError('SOURCE_UNUSABLE', 'Torrents are switched off');
  return torrents;
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
