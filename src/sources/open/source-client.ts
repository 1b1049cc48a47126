// Makes the HTTP client for a URL that a requester named as a source, with the address rules for that requester.
import type { AddressPolicy } from '../http/client/address-policy.ts';
import type { Requester } from '../port/source-request.ts';
import { HttpClient } from '../http/client/http-client.ts';
import type { HttpLocator } from './source-locator.ts';

export interface SourceClientOptions {
  addresses: AddressPolicy;
  /** Default: the owner of this machine. */
  requester?: Requester | undefined;
  userAgent?: string | undefined;
  connectTimeoutMs?: number | undefined;
}

export function sourceClient({ url, headers }: HttpLocator, options: SourceClientOptions): HttpClient {
  const { requester = 'owner', userAgent, connectTimeoutMs } = options;
  const addresses = options.addresses.rulesFor(url, requester);
  return new HttpClient({ home: url, headers, addresses, userAgent, connectTimeoutMs });
}

/**
 * The same for a URL in a magnet link or a file: it may lead to this machine and its network only if the owner has
 * allowed that for such hints, or for every source.
 */
export function hintClient(
  url: URL,
  options: SourceClientOptions & { privateHints?: boolean | undefined },
): HttpClient {
  const { requester = 'owner', privateHints = false, userAgent, connectTimeoutMs } = options;
  const addresses = options.addresses.rulesFor(privateHints ? url : undefined, requester);
  return new HttpClient({ home: url, headers: {}, addresses, userAgent, connectTimeoutMs });
}
