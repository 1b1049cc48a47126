// Torrent files for tests: valid ones made from bytes, and invalid ones built by hand.
import { createHash } from 'node:crypto';

export type Plain = number | string | Uint8Array | readonly Plain[] | { readonly [key: string]: Plain };

/** Bencodes plain values; keys keep their order. */
export function bencoded(value: Plain): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`);
  if (typeof value === 'string') return bencoded(Buffer.from(value, 'utf8'));
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(`${value.length}:`), value]);
  if (isList(value)) return Buffer.concat([Buffer.from('l'), ...value.map(bencoded), Buffer.from('e')]);
  const members = Object.entries(value)
    .map(([key, member]) => ({ key: Buffer.from(key, 'utf8'), member }))
    .sort((one, other) => Buffer.compare(one.key, other.key))
    .flatMap(({ key, member }) => [bencoded(key), bencoded(member)]);
  return Buffer.concat([Buffer.from('d'), ...members, Buffer.from('e')]);
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}

export interface FileToShare {
  /** Path components: directories and name. */
  path: readonly (string | Uint8Array)[];
  content: Uint8Array;
  /** As in BEP 47. */
  attr?: string;
}

export interface TorrentOptions {
  name?: string;
  pieceBytes?: number;
  isPrivate?: boolean;
  trackers?: readonly string[];
  webSeeds?: readonly string[] | string;
  /** Entries that replace or extend the info dictionary. */
  info?: Readonly<Record<string, Plain>>;
}

export interface MadeTorrent {
  infoHash: string;
  /** The `.torrent` file. */
  metainfo: Buffer;
}

/** A torrent of one file (without a path) or of several. */
export function torrentOf(files: readonly FileToShare[] | Uint8Array, options: TorrentOptions = {}): MadeTorrent {
  const { name = 'film', pieceBytes = 16 * 1024, trackers = [], webSeeds = [] } = options;
  const content = files instanceof Uint8Array ? files : Buffer.concat(files.map((file) => file.content));
  const list = files instanceof Uint8Array ? { length: files.length } : { files: files.map(entryOf) };
  const secret = options.isPrivate === true ? { private: 1 } : {};
  const info: Plain = {
    name,
    'piece length': pieceBytes,
    pieces: pieceHashes(content, pieceBytes),
    ...list,
    ...secret,
    ...options.info,
  };
  const infoHash = createHash('sha1').update(bencoded(info)).digest('hex');
  const tiers = trackers.length === 0 ? {} : { 'announce-list': trackers.map((each) => [each]) };
  const seeds = webSeeds.length === 0 ? {} : { 'url-list': webSeeds };
  return { infoHash, metainfo: bencoded({ ...tiers, ...seeds, info }) };
}

function entryOf({ path, content, attr }: FileToShare): Plain {
  return { length: content.length, path, ...(attr === undefined ? {} : { attr }) };
}

function pieceHashes(content: Uint8Array, pieceBytes: number): Buffer {
  const hashes: Buffer[] = [];
  for (let at = 0; at < content.length; at += pieceBytes) {
    hashes.push(
      createHash('sha1')
        .update(content.subarray(at, at + pieceBytes))
        .digest(),
    );
  }
  return Buffer.concat(hashes);
}
