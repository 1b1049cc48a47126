// The way into a source whose bytes come in order: what a demuxer only wants to glance at is refused, not waited for.
import { MIB } from '../../base/units.ts';
import type { EndpointInput, Source } from './source.ts';

/** Ends the address of such an input. */
export const IN_ORDER_QUERY = '?in-order';

/** Further ahead of what is here than this is far. */
const FAR_BYTES = 8 * MIB;

export function inOrderInput(input: EndpointInput): EndpointInput {
  return { ...input, url: `${input.url}${IN_ORDER_QUERY}`, inOrder: true };
}

export function isFarAhead(source: Source, start: number): boolean {
  return start > (source.receivedBytes ?? Infinity) + FAR_BYTES;
}
