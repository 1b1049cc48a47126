// Decodes bencoding (BEP 3) from untrusted input: bounded in depth and number of values, strict where two decoders could disagree.
import { AppError } from '../../base/app-error.ts';
import type { ByteRange } from '../../base/byte-range.ts';

export type Bencoded = number | Uint8Array | Bencoded[] | BencodedDictionary;

/** Keys are decoded as Latin-1: different byte sequences are different keys. */
export interface BencodedDictionary extends ReadonlyMap<string, Bencoded> {}

export interface BencodedRoot {
  members: BencodedDictionary;
  /** The byte range of the value of each member. */
  spans: ReadonlyMap<string, ByteRange>;
}

/** A torrent nests 6 deep. */
const MAX_DEPTH = 24;
/** A torrent of 20,000 files has some 200,000 values. Each value costs memory, however short its encoding is. */
const MAX_VALUES = 600_000;
const MAX_DIGITS = 16;

interface Cursor {
  bytes: Uint8Array;
  at: number;
  depth: number;
  values: number;
}

/**
 * Decodes a dictionary; bytes after it are ignored. Strings are views of `bytes`.
 * @throws AppError SOURCE_UNUSABLE
 */
export function decodeBencode(bytes: Uint8Array): BencodedRoot {
  const cursor = { bytes, at: 0, depth: 1, values: 0 };
  if (bytes[0] !== letter('d')) throw broken();
  cursor.at = 1;
  const members = new Map<string, Bencoded>();
  const spans = new Map<string, ByteRange>();
  while (bytes[cursor.at] !== letter('e')) {
    const key = latin1(readString(cursor));
    if (members.has(key)) throw broken();
    const start = cursor.at;
    members.set(key, readValue(cursor));
    spans.set(key, { start, end: cursor.at });
  }
  return { members, spans };
}

function readValue(cursor: Cursor): Bencoded {
  cursor.values += 1;
  if (cursor.values > MAX_VALUES) throw broken();
  const first = cursor.bytes[cursor.at];
  if (first === letter('i')) return readInteger(cursor);
  if (first !== letter('l') && first !== letter('d')) return readString(cursor);
  cursor.depth += 1;
  if (cursor.depth > MAX_DEPTH) throw broken();
  cursor.at += 1;
  const value = first === letter('l') ? readList(cursor) : readDictionary(cursor);
  cursor.at += 1;
  cursor.depth -= 1;
  return value;
}

function readList(cursor: Cursor): Bencoded[] {
  const list: Bencoded[] = [];
  while (cursor.bytes[cursor.at] !== letter('e')) list.push(readValue(cursor));
  return list;
}

/** Keys must be sorted: a client that encodes the dictionary again would get another info hash for another order. */
function readDictionary(cursor: Cursor): BencodedDictionary {
  const members = new Map<string, Bencoded>();
  let previous: string | undefined;
  while (cursor.bytes[cursor.at] !== letter('e')) {
    const key = latin1(readString(cursor));
    if (previous !== undefined && key <= previous) throw broken();
    previous = key;
    members.set(key, readValue(cursor));
  }
  return members;
}

function readInteger(cursor: Cursor): number {
  const digits = readDigits(cursor, { from: cursor.at + 1, end: letter('e') });
  if (!/^(?:0|-?[1-9]\d*)$/u.test(digits) || !Number.isSafeInteger(Number(digits))) throw broken();
  return Number(digits);
}

function readString(cursor: Cursor): Uint8Array {
  const digits = readDigits(cursor, { from: cursor.at, end: letter(':') });
  const start = cursor.at;
  const end = start + Number(digits);
  if (!/^(?:0|[1-9]\d*)$/u.test(digits) || end > cursor.bytes.length) throw broken();
  cursor.at = end;
  return cursor.bytes.subarray(start, end);
}

/** The text up to the end mark, of at most `MAX_DIGITS` + 1 bytes; moves the cursor behind the mark. */
function readDigits(cursor: Cursor, { from, end }: { from: number; end: number }): string {
  const limit = from + MAX_DIGITS + 1;
  let at = from;
  while (at <= limit && at < cursor.bytes.length && cursor.bytes[at] !== end) at += 1;
  if (cursor.bytes[at] !== end) throw broken();
  cursor.at = at + 1;
  return latin1(cursor.bytes.subarray(from, at));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function letter(character: string): number {
  return character.charCodeAt(0);
}

function broken(): AppError {
  return new AppError('SOURCE_UNUSABLE', 'This is not a torrent file, or it is damaged');
}
