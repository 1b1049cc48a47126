// Where the files of a torrent are on its web servers (BEP 19): the address of each, and which bytes of it a piece needs.
import type { ByteRange } from '../../base/byte-range.ts';
import { decodeBencode, type Bencoded, type BencodedDictionary } from '../protocol/bencode.ts';
import type { Metainfo } from '../protocol/metainfo.ts';

/** A range of one file; without an address it is filler, which no server has: zeros. */
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

  /** The files behind `[start, end)` of the torrent, in their order. */
  parts({ start, end }: ByteRange, webSeed: string): WebSeedPart[] {
    return this.#files
      .filter((file) => file.start < file.end && file.start < end && file.end > start)
      .map((file) => ({
        address: file.isPadding ? undefined : this.#addressOf(file.path, webSeed),
        start: Math.max(start, file.start) - file.start,
        end: Math.min(end, file.end) - file.start,
      }));
  }

  /** The server of a torrent that is one file may be named by the file's own address; any other by the folder it lies in. */
  #addressOf(path: string, webSeed: string): string {
    const base = wellFormed(webSeed);
    if (base.endsWith('/')) return base + path;
    return this.#isSingle ? base : `${base}/${path}`;
  }
}

/** The texts of a member, as bytes: names need not be UTF-8. Steps to another folder are none. */
function partsOf(entry: BencodedDictionary, member: string): Uint8Array[] {
  const value = entry.get(`${member}.utf-8`) ?? entry.get(member);
  const parts = Array.isArray(value) ? value : [value];
  return parts.filter((part) => part instanceof Uint8Array).filter((part) => !/^\.{0,2}$/u.test(latin1(part)));
}

/** Percent-encoded, once: all but what means the same either way, and nothing else, to every server. */
function escaped(part: Uint8Array): string {
  return latin1(part).replaceAll(
    /[^A-Za-z0-9\-._~!'()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** Written by hand, mostly: a number sign is part of a name then, and so is a percent sign that escapes nothing. */
function wellFormed(address: string): string {
  return address.replaceAll('#', '%23').replaceAll(/%(?![0-9a-f]{2})/giu, '%25');
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function isDictionary(value: Bencoded | undefined): value is BencodedDictionary {
  return value instanceof Map;
}
