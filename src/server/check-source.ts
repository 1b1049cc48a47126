// Checks a source before it is opened.
import { AppError } from '../base/app-error.ts';
import type { AddressPolicy } from '../sources/http/client/address-policy.ts';
import { assertPresent, parseLocator } from '../sources/open/source-locator.ts';
import type { SourceRequest } from '../sources/port/source-request.ts';

export interface SourceRules {
  addresses: AddressPolicy;
  mediaRoots: string[] | undefined;
}

/** @throws AppError when the source is malformed, not allowed or missing */
export async function checkSource(source: SourceRequest, { addresses, mediaRoots }: SourceRules): Promise<void> {
  const { uri, kind, headers, requester = 'owner' } = source;
  const locator = parseLocator(uri, { kind, headers });
  const place = locator.kind === 'torrent' ? locator.torrent : locator;
  if (place.kind === 'http') addresses.assertPossible(place.url, requester);
  if (place.kind === 'file' && requester === 'network' && mediaRoots === undefined) {
    const hint = 'RAFFI_MEDIA_ROOTS names directories that everybody may play from';
    throw new AppError('SOURCE_FORBIDDEN', 'Files of this machine are for its owner', { hint });
  }
  await assertPresent(locator, { roots: mediaRoots });
}
