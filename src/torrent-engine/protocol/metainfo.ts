// Parses and checks an untrusted .torrent file (BEP 3, 12, 19, 27, 47). Names in it are for display, never paths.
import { createHash } from 'node:crypto';
import { MIB } from '../../base/units.ts';

import { AppError } from '../../base/app-error.ts';
import { decodeBencode, type Bencoded, type BencodedDictionary } from './bencode.ts';
import type { TorrentFile } from './torrent-engine.ts';

/** A file of the torrent; `offsetBytes`: its start in the torrent. */
export interface MetainfoFile extends TorrentFile {
  readonly offsetBytes: number;
}

export interface Metainfo {
  /** 40 lower-case hex digits. */
  infoHash: string;
  name: string;
  sizeBytes: number;
  pieceBytes: number;
  pieceCount: number;
  isPrivate: boolean;
  trackers: string[];
  webSeeds: string[];
  files: MetainfoFile[];
}

export const MAX_TORRENT_FILE_BYTES = 10 * MIB;

/** Old clients use pieces of any length: BEP 3 does not require a multiple of the 16 KiB of a block. */
const MIN_PIECE_BYTES = 1024;
const MAX_PIECE_BYTES = 64 * MIB;
const MAX_PIECES = 2 ** 20;
const MAX_FILES = 20_000;
const MAX_TRACKERS = 100;
const MAX_WEB_SEEDS = 50;
const MAX_NAME_LENGTH = 255;
const MAX_ADDRESS_LENGTH = 2000;
const HASH_BYTES = 20;

/** @throws AppError SOURCE_UNUSABLE that names the defect */
export function parseMetainfo(bytes: Uint8Array): Metainfo {
  if (bytes.length > MAX_TORRENT_FILE_BYTES) throw unusable('The torrent file is larger than 10 MB');
  const { members, spans } = decodeBencode(bytes);
  const info = members.get('info');
  const span = spans.get('info');
  if (!isDictionary(info) || span === undefined) throw unusable('The torrent file does not describe any content');
  const contents = parseInfo(info);
  const infoHash = createHash('sha1').update(bytes.subarray(span.start, span.end)).digest('hex');
  const tiers = [members.get('announce'), members.get('announce-list')];
  return {
    ...contents,
    infoHash,
    trackers: texts(tiers, /^(?:https?|wss?|udp):\/\//iu).slice(0, MAX_TRACKERS),
    webSeeds: texts([members.get('url-list')], /^https?:\/\//iu).slice(0, MAX_WEB_SEEDS),
  };
}

function parseInfo(info: BencodedDictionary): Omit<Metainfo, 'infoHash' | 'trackers' | 'webSeeds'> {
  const pieces = info.get('pieces');
  if (info.get('meta version') === 2 && pieces === undefined) throw onlyVersion2();
  const pieceBytes = pieceLength(info.get('piece length'));
  if (!(pieces instanceof Uint8Array) || pieces.length % HASH_BYTES !== 0)
    throw unusable('The hashes of the torrent are damaged');
  const files = listFiles(info);
  const last = files.at(-1);
  const sizeBytes = last === undefined ? 0 : last.offsetBytes + last.sizeBytes;
  const pieceCount = pieces.length / HASH_BYTES;
  if (sizeBytes === 0) throw unusable('The torrent is empty');
  if (pieceCount > MAX_PIECES) throw unusable('The torrent has too many pieces');
  if (pieceCount !== Math.ceil(sizeBytes / pieceBytes)) throw unusable('The sizes in the torrent do not fit together');
  const name = shownName([textOf(info.get('name.utf-8')) ?? textOf(info.get('name')) ?? '']);
  return { name, sizeBytes, pieceBytes, pieceCount, isPrivate: info.get('private') === 1, files };
}

/** The error for magnets and torrents of BitTorrent version 2 only (BEP 52). */
export function onlyVersion2(): AppError {
  return unusable('This torrent is of BitTorrent version 2 only, which is not supported; one of version 1 is needed');
}

function pieceLength(value: Bencoded | undefined): number {
  if (typeof value === 'number' && value >= MIN_PIECE_BYTES && value <= MAX_PIECE_BYTES) return value;
  throw unusable('The pieces of the torrent have a size that is not supported (1 KiB to 64 MiB are)');
}

function listFiles(info: BencodedDictionary): MetainfoFile[] {
  const list = info.get('files') ?? [info];
  if (!Array.isArray(list) || list.length === 0) throw unusable('The torrent names no file');
  if (list.length > MAX_FILES) throw unusable(`The torrent has more than ${MAX_FILES} files`);
  let offsetBytes = 0;
  return list.map((entry, index) => {
    if (!isDictionary(entry)) throw unusable('The list of files in the torrent is damaged');
    const file = { ...parseFile(entry), index, offsetBytes };
    offsetBytes += file.sizeBytes;
    if (!Number.isSafeInteger(offsetBytes)) throw unusable('The sizes in the torrent do not fit together');
    return file;
  });
}

function parseFile(entry: BencodedDictionary): Pick<TorrentFile, 'path' | 'sizeBytes' | 'isPadding'> {
  const sizeBytes = entry.get('length');
  if (typeof sizeBytes !== 'number' || sizeBytes < 0) throw unusable('A file in the torrent has a size that cannot be');
  const folders = entry.get('path.utf-8') ?? entry.get('path');
  const alone = entry.get('name.utf-8') ?? entry.get('name');
  const parts = Array.isArray(folders) ? folders.map((part) => textOf(part) ?? '') : [textOf(alone) ?? ''];
  const attributes = textOf(entry.get('attr')) ?? '';
  // A symbolic link (BEP 47) has no bytes of its own either.
  const isPadding = /[pl]/u.test(attributes) || parts.at(-1)?.startsWith('_____padding_file_') === true;
  return { path: shownName(parts), sizeBytes, isPadding };
}

/** A name without what could mislead in a list or a header: control characters, `..`, overlong parts. */
function shownName(parts: readonly string[]): string {
  const shown = parts
    .map((part) =>
      part
        .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\]/gu, '_')
        .trim()
        .slice(0, MAX_NAME_LENGTH),
    )
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  return shown.length === 0 ? 'unnamed' : shown.slice(-MAX_FOLDERS).join('/');
}

const MAX_FOLDERS = 16;

/** Every text in the values, and in lists of them, that matches `looks` and is a URL; without duplicates. */
function texts(values: readonly (Bencoded | undefined)[], looks: RegExp): string[] {
  const found = new Set<string>();
  const visit = (value: Bencoded | undefined): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    const text = textOf(value)?.trim();
    if (text !== undefined && text.length <= MAX_ADDRESS_LENGTH && looks.test(text) && URL.canParse(text))
      found.add(text);
  };
  values.forEach(visit);
  return [...found];
}

function textOf(value: Bencoded | undefined): string | undefined {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
}

function isDictionary(value: Bencoded | undefined): value is BencodedDictionary {
  return value instanceof Map;
}

function unusable(sentence: string): AppError {
  return new AppError('SOURCE_UNUSABLE', sentence);
}
