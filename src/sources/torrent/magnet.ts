// Parses magnet links (BEP 9, 53) and bare info hashes, which are untrusted.
import { AppError } from '../../base/app-error.ts';
import { onlyVersion2 } from '../../torrent-engine/protocol/metainfo.ts';

export interface Magnet {
  /** 40 lower-case hex digits. */
  infoHash: string;
  /** Display name (`dn`); empty when the link has none. */
  name: string;
  trackers: string[];
  webSeeds: string[];
  /** Addresses that may have the `.torrent` file (`xs`, `as`). */
  exactSources: string[];
  /** `host:port`, IPv6 addresses in brackets. */
  peers: string[];
  /** Selected files (`so`), as ranges `[first, last]` of indexes; empty: all files. */
  selected: [number, number][];
}

const MAX_TRACKERS = 100;
const MAX_WEB_SEEDS = 50;
const MAX_EXACT_SOURCES = 5;
const MAX_PEERS = 100;
const MAX_RANGES = 100;
const MAX_NAME_LENGTH = 255;

const HEX = /^[0-9a-f]{40}$/iu;
const BASE32 = /^[a-z2-7]{32}$/iu;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const PEER = /^(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+):(\d{1,5})$/iu;

/** @throws AppError SOURCE_UNUSABLE that names the defect */
export function parseMagnet(text: string): Magnet {
  const query = /^magnet:\/{0,2}\?(.*)$/isu.exec(text)?.[1];
  if (query === undefined) throw unusable('The magnet link is not valid');
  const members = membersOf(query);
  return {
    infoHash: topic(members),
    name: (members.get('dn') ?? '').replaceAll(/[\p{Cc}\p{Cf}]/gu, '_').slice(0, MAX_NAME_LENGTH),
    trackers: addresses(members, 'tr', /^(?:https?|wss?|udp):\/\//iu).slice(0, MAX_TRACKERS),
    webSeeds: addresses(members, 'ws', /^https?:\/\//iu).slice(0, MAX_WEB_SEEDS),
    exactSources: ['xs', 'as'].flatMap((key) => addresses(members, key, /^https?:\/\//iu)).slice(0, MAX_EXACT_SOURCES),
    peers: all(members, 'x.pe').filter(isPeer).slice(0, MAX_PEERS),
    selected: ranges(members.get('so') ?? ''),
  };
}

/** Converts 40 hex digits or 32 base32 digits to 40 lower-case hex digits; undefined for any other text. */
export function parseInfoHash(text: string): string | undefined {
  if (HEX.test(text)) return text.toLowerCase();
  return BASE32.test(text) ? hexOfBase32(text.toLowerCase()) : undefined;
}

/** The magnet of a bare info hash. */
export function magnetOf(infoHash: string): Magnet {
  return { infoHash, name: '', trackers: [], webSeeds: [], exactSources: [], peers: [], selected: [] };
}

/**
 * The search parameters of a URL are decoded leniently: broken escapes stay as they are. Keys have any case, and may be numbered
 * (`xt.1`, `tr.2`). A link that was copied from HTML source has `&amp;`, `&#38;` or a repeated escape for `&`.
 */
function membersOf(query: string): URLSearchParams {
  const plain = query.replaceAll(/&(?:amp;|#0*38;|#x0*26;)+/giu, '&');
  const members = [...new URLSearchParams(plain)];
  return new URLSearchParams(members.map(([key, value]) => [key.toLowerCase().replace(/\.\d+$/u, ''), value]));
}

function topic(members: URLSearchParams): string {
  const topics = all(members, 'xt');
  for (const each of topics) {
    const hash = /^urn:btih:(.+)$/iu.exec(each)?.[1];
    const infoHash = hash === undefined ? undefined : parseInfoHash(hash);
    if (infoHash !== undefined) return infoHash;
  }
  if (topics.some((each) => /^urn:btmh:/iu.test(each))) throw onlyVersion2();
  throw unusable('The magnet link names no torrent');
}

function hexOfBase32(text: string): string {
  let value = 0n;
  for (const character of text) value = value * 32n + BigInt(ALPHABET.indexOf(character));
  return value.toString(16).padStart(40, '0');
}

function addresses(members: URLSearchParams, key: string, looks: RegExp): string[] {
  return all(members, key).filter((each) => looks.test(each) && URL.canParse(each));
}

function all(members: URLSearchParams, key: string): string[] {
  return [...new Set(members.getAll(key).map((each) => each.trim()))];
}

function isPeer(text: string): boolean {
  const port = Number(PEER.exec(text)?.[1]);
  return port > 0 && port < 65_536;
}

/** Parses `0,2,4-7`; invalid parts are left out. */
function ranges(text: string): [number, number][] {
  const found: [number, number][] = [];
  for (const each of text.split(',').slice(0, MAX_RANGES)) {
    const [, first, last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/u.exec(each.trim()) ?? [];
    if (first !== undefined && Number(first) <= Number(last)) found.push([Number(first), Number(last)]);
  }
  return found;
}

function unusable(sentence: string): AppError {
  return new AppError('SOURCE_UNUSABLE', sentence);
}
