// Opens what a locator names: a local file, a file on a server with or without ranges, an HLS playlist, or a torrent.
import { GIB, MIB } from '../../base/units.ts';
import { AppError } from '../../base/app-error.ts';
import { FileSource } from '../file/file-source.ts';
import { inspectFile } from '../file/inspect-file.ts';
import { BlockMemory } from '../http/ranged/block-memory.ts';
import { codingOf, plainBeginning } from '../http/client/content-coding.ts';
import { requestInitialResponse, type InitialResponse } from '../http/response/initial-response.ts';
import { HlsUpstream } from '../http/relay/hls-upstream.ts';
import { HttpSource } from '../http/ranged/http-source.ts';
import { KnownServers } from '../http/client/known-servers.ts';
import { answersOpenRanges } from '../http/response/open-ranges.ts';
import type { SourcePublisher } from '../port/source-publisher.ts';
import { BRIEF, PATIENT, type RetryPolicy } from '../http/client/retry-policy.ts';
import { sniff } from '../http/response/sniff.ts';
import { SpoolSource } from '../http/spool/spool-source.ts';
import { namedBy, namedByFailure, openNamed, openTorrent } from './open-torrent.ts';
import type { HttpLocator, SourceLocator } from './source-locator.ts';
import { sourceClient, type SourceClientOptions } from './source-client.ts';
import { looksLikeTorrent, type NamedTorrent } from '../torrent/named-torrent.ts';
import type { Source } from '../port/source.ts';
import type { Torrents } from '../torrent/torrents.ts';

export interface OpenSourceOptions extends SourceClientOptions {
  /** Existing directory for the spools of sources without ranges. */
  spoolDirectory: string;
  /** Publishes remote sources for the media workers. */
  endpoint: SourcePublisher;
  /** Undefined: torrents are refused. */
  torrents?: Torrents | undefined;
  /** Whether magnet links may name addresses of this machine and its network; default: no. */
  privateHints?: boolean | undefined;
  /** File index, for a URL that turns out to be a torrent. */
  fileIndex?: number | undefined;
  /** When given, files outside these directories are refused. Absolute paths. */
  mediaRoots?: readonly string[] | undefined;
  /** Limits for retries after the initial response. */
  retry?: Partial<RetryPolicy> | undefined;
  /** Limits for retries of the initial request. */
  firstRetry?: Partial<RetryPolicy> | undefined;
  /** Size of the page cache of a remote source, in blocks of 256 KiB, at least 4 MiB. Default 64 MiB. */
  cacheBytes?: number | undefined;
  /** The pool of blocks for the page caches, shared by all sources. Default: one for each source. */
  memory?: BlockMemory | undefined;
  /** The known servers, shared by all sources. Default: none. */
  servers?: KnownServers | undefined;
  /** Default 8 MiB. */
  readAheadBytes?: number | undefined;
  /** Default 4. */
  maxConnections?: number | undefined;
  /** Default 10 s. */
  idleMs?: number | undefined;
  /** How far the download of a spool runs ahead of its readers. Default 64 MiB. */
  spoolAheadBytes?: number | undefined;
  /** Maximal size of a spool. Default 8 GiB. */
  spoolCapBytes?: number | undefined;
  /** Space that spools leave free on the disk. Default 1 GiB. */
  spoolKeepFreeBytes?: number | undefined;
}

/** The opened source of a locator. The caller owns it. */
export type OpenedSource = { kind: 'media'; source: Source } | { kind: 'hls'; upstream: HlsUpstream };

/**
 * @throws AppError SOURCE_NOT_FOUND, SOURCE_FORBIDDEN, SOURCE_UNUSABLE, SOURCE_FAILED, SOURCE_STALLED, NOT_MEDIA,
 * UNSUPPORTED_MEDIA, DISK_FULL
 */
export async function openSource(
  locator: SourceLocator,
  options: OpenSourceOptions,
  signal: AbortSignal,
): Promise<OpenedSource> {
  if (locator.kind === 'torrent') return { kind: 'media', source: await openTorrent(locator, options, signal) };
  if (locator.kind === 'file')
    return { kind: 'media', source: await openFile(locator.path, options.mediaRoots, signal) };
  const opened = await openHttp(locator, options, signal).catch(torrentInstead);
  if (opened.kind !== 'torrent') return opened;
  const { fileIndex } = options;
  return { kind: 'media', source: await openNamed(opened.named, { ...options, fileIndex }, signal) };
}

async function openFile(path: string, roots: readonly string[] | undefined, signal: AbortSignal): Promise<Source> {
  if (roots !== undefined) await inspectFile(path, roots);
  const source = await FileSource.open(path, signal);
  try {
    if (source.sizeBytes === 0) throw new AppError('NOT_MEDIA', 'The file is empty');
    const head = await source.read({ start: 0, end: 2048 }, signal);
    if (sniff(head, undefined) === 'hls')
      throw new AppError('UNSUPPORTED_MEDIA', 'Playlists on disk are not supported');
    assertNotText(head, undefined, 'The file is');
    return source;
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

/** A URL that turned out to name a torrent. */
interface TorrentAnswer {
  kind: 'torrent';
  named: NamedTorrent;
}

/** @throws `failure`, unless it is a redirect to a magnet link */
function torrentInstead(failure: unknown): TorrentAnswer {
  return { kind: 'torrent', named: namedByFailure(failure) };
}

async function openHttp(
  locator: HttpLocator,
  options: OpenSourceOptions,
  signal: AbortSignal,
): Promise<OpenedSource | TorrentAnswer> {
  const { url } = locator;
  const client = sourceClient(locator, options);
  const policy = { ...PATIENT, ...options.retry };
  const { servers = new KnownServers() } = options;
  const server = { client, url, policy: { ...BRIEF, ...options.firstRetry }, connections: servers.at(url) };
  let initial: InitialResponse | undefined;
  try {
    initial = await requestInitialResponse(server, signal);
    const head = plainBeginning(initial.head, initial.contentEncoding);
    if (sniff(head, initial.contentType) === 'hls') {
      await initial.rest[Symbol.asyncDispose]();
      const { connections } = server;
      return { kind: 'hls', upstream: new HlsUpstream({ client, url: initial.url, policy, connections }) };
    }
    if (looksLikeTorrent(head, initial.contentType)) {
      const named = await namedBy({ initial, locator }, options, signal);
      await Promise.all([initial.rest[Symbol.asyncDispose](), client[Symbol.asyncDispose]()]);
      return { kind: 'torrent', named };
    }
    assertNotText(head, initial.contentType, 'The server sent');
    if (codingOf(initial.head, initial.contentEncoding) !== undefined)
      throw new AppError('SOURCE_UNUSABLE', 'The server only sends the file compressed');
    if (initial.ranges === undefined && (await answersOpenRanges(server, initial, signal)))
      initial = { ...initial, ranges: 'open' };
  } catch (error) {
    await initial?.rest[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    throw error;
  }
  const { connections } = server;
  const parts = { client, url, initial, publisher: options.endpoint, policy, connections };
  if (initial.ranges === undefined) {
    return { kind: 'media', source: await SpoolSource.open({ ...parts, ...spoolLimits(options) }) };
  }
  const { cacheBytes = 64 * MIB, readAheadBytes = 8 * MIB, maxConnections = 4, idleMs = 10_000 } = options;
  const { memory = new BlockMemory() } = options;
  const limits = { cacheBytes, memory, readAheadBytes, maxConnections, idleMs };
  const source = await HttpSource.open({ ...parts, ...limits }, signal);
  return { kind: 'media', source };
}

function spoolLimits(options: OpenSourceOptions) {
  return {
    directory: options.spoolDirectory,
    aheadBytes: options.spoolAheadBytes ?? 64 * MIB,
    capBytes: options.spoolCapBytes ?? 8 * GIB,
    keepFreeBytes: options.spoolKeepFreeBytes ?? GIB,
  };
}

function assertNotText(head: Uint8Array, contentType: string | undefined, subject: string): void {
  const kind = sniff(head, contentType);
  if (kind === 'html') throw new AppError('NOT_MEDIA', `${subject} a web page, not a media file`);
  if (kind === 'text') throw new AppError('NOT_MEDIA', `${subject} text, not a media file`);
  if (kind === 'dash') throw new AppError('UNSUPPORTED_MEDIA', 'DASH manifests are not supported');
}
