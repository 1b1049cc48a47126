// Downloads the `.torrent` file from the URLs in a magnet link that may have it (`xs`, `as`). The URLs are untrusted and optional.
import { BRIEF, type RetryPolicy } from '../http/client/retry-policy.ts';
import { fetchSmallFile } from '../http/response/small-file.ts';
import { hintClient, type SourceClientOptions } from './source-client.ts';
import type { Magnet } from '../torrent/magnet.ts';
import { MAX_TORRENT_FILE_BYTES } from '../../torrent-engine/protocol/metainfo.ts';
import { namedTorrent } from '../torrent/named-torrent.ts';

export interface ExactSourcesOptions extends SourceClientOptions {
  /** Whether the URLs may lead to this machine and its network, as far as sources may; default: no. */
  privateHints?: boolean | undefined;
  firstRetry?: Partial<RetryPolicy> | undefined;
  /** Called with each downloaded file; its content has not been checked. */
  onMetainfo(metainfo: Uint8Array): void;
}

/** Requests all URLs at the same time, until the signal is aborted. Failures are ignored: the swarm may have the metainfo as well. */
export function fetchExactSources({ exactSources }: Magnet, options: ExactSourcesOptions, signal: AbortSignal): void {
  for (const address of exactSources) void fetchOne(new URL(address), options, signal).catch(() => undefined);
}

async function fetchOne(url: URL, options: ExactSourcesOptions, signal: AbortSignal): Promise<void> {
  await using client = hintClient(url, options);
  const policy = { ...BRIEF, ...options.firstRetry };
  const named = namedTorrent(await fetchSmallFile({ client, url, policy }, MAX_TORRENT_FILE_BYTES, signal));
  if (named.kind === 'metainfo' && !signal.aborted) options.onMetainfo(named.metainfo);
}
