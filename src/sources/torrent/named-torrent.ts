// The content of a URL or file that names a torrent: a `.torrent` file, gzipped or not, or the text of a magnet link.
import { gunzipSync } from 'node:zlib';

import { AppError } from '../../base/app-error.ts';
import { parseMagnet, type Magnet } from './magnet.ts';
import { MAX_TORRENT_FILE_BYTES } from '../../torrent-engine/protocol/metainfo.ts';

export type NamedTorrent = { kind: 'magnet'; magnet: Magnet } | { kind: 'metainfo'; metainfo: Uint8Array };

/** More than the length of any magnet link. */
const MAX_MAGNET_BYTES = 16_384;
/** The start of a bencoded dictionary whose first key is one that `.torrent` files start with. */
const FIRST_MEMBER =
  /^d(?:8:announce|13:announce-list|5:azureus_properties|7:comment|10:created by|13:creation date|8:encoding|9:httpseeds|4:info|12:piece layers|5:nodes|8:url-list)/u;
const TORRENT_TYPE = 'application/x-bittorrent';

/** Whether content with this head is a torrent or magnet link, not a media file. */
export function looksLikeTorrent(head: Uint8Array, contentType: string | undefined): boolean {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  const start = latin1(head.subarray(0, 64));
  return (
    isMagnet(head) || FIRST_MEMBER.test(start) || (type === TORRENT_TYPE && (start.startsWith('d') || isGzip(head)))
  );
}

/** @throws AppError SOURCE_UNUSABLE for an invalid magnet link or gzip stream; a `.torrent` file is not parsed */
export function namedTorrent(bytes: Uint8Array): NamedTorrent {
  const plain = isGzip(bytes) ? unpacked(bytes) : bytes;
  if (isMagnet(plain)) return { kind: 'magnet', magnet: parseMagnet(utf8(plain.subarray(0, MAX_MAGNET_BYTES)).trim()) };
  return { kind: 'metainfo', metainfo: plain };
}

function isMagnet(bytes: Uint8Array): boolean {
  return /^\s*magnet:\/{0,2}\?/iu.test(utf8(bytes.subarray(0, 64)));
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function unpacked(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_TORRENT_FILE_BYTES + 1 });
  } catch (cause) {
    throw new AppError('SOURCE_UNUSABLE', 'This is not a torrent file, or it is damaged', { cause });
  }
}

/** Without a byte order mark. */
function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
