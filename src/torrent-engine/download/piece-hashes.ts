// The piece hashes of a .torrent file that has been parsed before.
import { decodeBencode, type Bencoded, type BencodedDictionary } from '../protocol/bencode.ts';

const HASH_BYTES = 20;

/** SHA-1 of each piece, lower-case hex. */
export function pieceHashes(metainfo: Uint8Array): string[] {
  const info = decodeBencode(metainfo).members.get('info');
  const pieces = isDictionary(info) ? info.get('pieces') : undefined;
  if (!(pieces instanceof Uint8Array)) return [];
  const hex = Buffer.from(pieces).toString('hex');
  const digits = 2 * HASH_BYTES;
  return Array.from({ length: hex.length / digits }, (_, piece) => hex.slice(piece * digits, (piece + 1) * digits));
}

function isDictionary(value: Bencoded | undefined): value is BencodedDictionary {
  return value instanceof Map;
}
