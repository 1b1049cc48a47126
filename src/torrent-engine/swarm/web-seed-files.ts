// The files of a torrent on its web seeds (BEP 19): the URL of each file, and its byte ranges for a piece.
import type { ByteRange } from '../../base/byte-range.ts';
import { decodeBencode, type Bencoded, type BencodedDictionary } from '../protocol/bencode.ts';
import type { Metainfo } from '../protocol/metainfo.ts';

/** A range of one file; without an address it lies in a padding file, which is all zeros and on no server. */
export interface WebSeedPart extends ByteRange {
  address: string | undefined;
}

export class WebSeedFiles {
  readonly #files: readonly (ByteRange & { isPadding: boolean; path: string })[];
  readonly #isSingle: boolean;

  constructor(metainfo: Metainfo, metainfoBytes: Uint8Array) {
    const info = decodeBencode(metainfoBytes).members.get('info');
    const entries = isDictionary(info) ? info.get('files') : undefined;
    this.#isSingle = !Array.isArray(entries);
    const root = isDictionary(info) ? partsOf(info, 'name') : [];
    this.#files = metainfo.files.map(({ index, offsetBytes: start, sizeBytes, isPadding }) => {
      const entry = Array.isArray(entries) ? entries[index] : undefined;
      const parts = isDictionary(entry) ? [...root, ...partsOf(entry, 'path')] : root;
      return { start, end: start + sizeBytes, isPadding, path: parts.map(escaped).join('/') };
    });
  }

  /** The parts of files that make up `[start, end)` of the torrent, in order. */
  parts({ start, end }: ByteRange, webSeed: string): WebSeedPart[] {
    return this.#files
      .filter((file) => file.start < file.end && file.start < end && file.end > start)
      .map((file) => ({
        address: file.isPadding ? undefined : this.#addressOf(file.path, webSeed),
        start: Math.max(start, file.start) - file.start,
        end: Math.min(end, file.end) - file.start,
      }));
  }

  /** For a single-file torrent the web seed may be the URL of the file; otherwise it is the URL of the folder. */
  #addressOf(path: string, webSeed: string): string {
    const base = wellFormed(webSeed);
    if (base.endsWith('/')) return base + path;
    return this.#isSingle ? base : `${base}/${path}`;
  }
}

/** The strings of a member, as bytes, because names need not be UTF-8. `.`, `..` and empty parts are left out. */
function partsOf(entry: BencodedDictionary, member: string): Uint8Array[] {
  const value = entry.get(`${member}.utf-8`) ?? entry.get(member);
  const parts = Array.isArray(value) ? value : [value];
  return parts.filter((part) => part instanceof Uint8Array).filter((part) => !/^\.{0,2}$/u.test(latin1(part)));
}

/** Percent-encodes every byte except those that all servers treat alike in both forms. */
function escaped(part: Uint8Array): string {
  return latin1(part).replaceAll(
    /[^A-Za-z0-9\-._~!'()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** Repairs web seed URLs written by hand: encodes number signs, and percent signs that escape nothing. */
function wellFormed(address: string): string {
  return address.replaceAll('#', '%23').replaceAll(/%(?![0-9a-f]{2})/giu, '%25');
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function isDictionary(value: Bencoded | undefined): value is BencodedDictionary {
  return value instanceof Map;
}
