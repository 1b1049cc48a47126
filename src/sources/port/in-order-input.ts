// The input of a source that is downloaded sequentially: a read far ahead, as a demuxer tries to probe the end, is refused instead of waiting.
import { MIB } from '../../base/units.ts';
import type { EndpointInput, Source } from './source.ts';

/** The query of the URL of such an input. */
export const IN_ORDER_QUERY = '?in-order';

/** A position more than this after the received bytes is far ahead. */
const FAR_BYTES = 8 * MIB;

export function inOrderInput(input: EndpointInput): EndpointInput {
  return { ...input, url: `${input.url}${IN_ORDER_QUERY}`, inOrder: true };
}

export function isFarAhead(source: Source, start: number): boolean {
  return start > (source.receivedBytes ?? Infinity) + FAR_BYTES;
}
