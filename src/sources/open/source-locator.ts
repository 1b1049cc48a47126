// Parses the text that names a source: checks it once and turns it into a local path, an http(s) URL or a torrent.
import { platform } from 'node:process';
import { fileURLToPath } from 'node:url';

import { AppError } from '../../base/app-error.ts';
import { inspectFile } from '../file/inspect-file.ts';
import { checkHeaders, type RequestHeaders } from '../http/client/request-headers.ts';
import { magnetOf, parseInfoHash, parseMagnet, type Magnet } from '../torrent/magnet.ts';

export type FileLocator = { kind: 'file'; path: string };
export type HttpLocator = { kind: 'http'; url: URL; headers: RequestHeaders };
/** A torrent by magnet or info hash, or by a `.torrent` file at a path or URL. */
export type TorrentLocator = {
  kind: 'torrent';
  torrent: { kind: 'magnet'; magnet: Magnet } | FileLocator | HttpLocator;
  /** Index of the file; undefined: the largest video. */
  fileIndex: number | undefined;
};
export type SourceLocator = FileLocator | HttpLocator | TorrentLocator;

export interface LocatorHints {
  /** The kind that the caller assumes. Only `torrent` has an effect, for a `.torrent` file of another name: desktop clients send local paths as `http`. */
  kind?: 'http' | 'torrent' | 'file' | undefined;
  /** File index in a torrent. */
  fileIndex?: number | undefined;
  /** Sent with requests for an http(s) source, to its own host only. */
  headers?: RequestHeaders | undefined;
}

const MAX_TEXT = 16_384;
const WINDOWS_DRIVE = /^[A-Za-z]:[\\/]/;
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;
/** Whitespace, control characters, and characters without a width. */
const AROUND = /^[\s\p{Cc}\p{Cf}]$/u;
const CLOSING = new Map(['""', "''", '<>', '``', '\u201c\u201d'].map(([open = '', close = '']) => [open, close]));
const MAX_WRAPPINGS = 3;
const DEVICE_NAME = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:[. ].*)?$/i;

/**
 * Parses the text of a source. Accesses neither disk nor network.
 * @throws AppError SOURCE_UNUSABLE (a sentence that names the reason), BAD_REQUEST for a header that may not be set
 */
export function parseLocator(text: string, hints: LocatorHints = {}): SourceLocator {
  checkLength(text);
  const source = withoutWrapping(text);
  checkText(source);
  const { fileIndex } = hints;
  const infoHash = parseInfoHash(source);
  if (infoHash !== undefined) return torrent({ kind: 'magnet', magnet: magnetOf(infoHash) }, fileIndex);
  if (/^magnet:/i.test(source)) return torrent({ kind: 'magnet', magnet: parseMagnet(source) }, fileIndex);
  const place = parsePlace(source, hints.headers ?? {});
  return hints.kind === 'torrent' || namesTorrentFile(place) ? torrent(place, fileIndex) : place;
}

/**
 * Removes what a paste adds to a URL: whitespace, line ends, invisible characters, quotes, angle brackets. A path
 * may end with a space, and starts with none of those.
 */
function withoutWrapping(text: string): string {
  let bare = trimmed(text);
  for (let depth = 0; depth < MAX_WRAPPINGS; depth += 1) {
    const closing = bare.length > 1 ? CLOSING.get(bare.charAt(0)) : undefined;
    if (closing === undefined || !bare.endsWith(closing)) break;
    bare = trimmed(bare.slice(1, -1));
    if (bare.startsWith('/')) return bare;
  }
  const decoded = /^magnet%3a/iu.test(bare) ? decode(bare) : bare;
  return SCHEME.test(decoded) || parseInfoHash(decoded) !== undefined ? decoded : text.replace(/[\r\n]+$/u, '');
}

function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && AROUND.test(text.charAt(start))) start += 1;
  while (end > start && AROUND.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function torrent(named: TorrentLocator['torrent'], fileIndex: number | undefined): TorrentLocator {
  return { kind: 'torrent', torrent: named, fileIndex };
}

function namesTorrentFile(place: FileLocator | HttpLocator): boolean {
  const name = place.kind === 'file' ? place.path : place.url.pathname;
  return name.toLowerCase().endsWith('.torrent');
}

function parsePlace(source: string, headers: RequestHeaders): FileLocator | HttpLocator {
  if (WINDOWS_DRIVE.test(source)) return fileLocator(checkWindowsPath(source));
  if (/^[\\/]{2}/.test(source)) throw unusable('Network and device paths are not supported');
  const scheme = SCHEME.exec(source)?.[1]?.toLowerCase();
  if (scheme !== undefined) return urlLocator(scheme, source, headers);
  if (source.startsWith('/')) return fileLocator(source);
  throw unusable('The source must be a web address, the full path of a file, a magnet link or an info hash');
}

/** Whether the text of a source names a torrent; false for invalid texts. */
export function namesTorrent(text: string, hints: LocatorHints): boolean {
  try {
    return parseLocator(text, hints).kind === 'torrent';
  } catch {
    return false;
  }
}

export interface PresenceRules {
  /** When given, files outside these directories are refused. Absolute paths. */
  roots?: readonly string[] | undefined;
}

/**
 * A quick check before a session is made: a local path must name a readable regular file. URLs always pass.
 * @throws AppError SOURCE_NOT_FOUND, SOURCE_UNUSABLE (a directory, pipe, device, ...), SOURCE_FORBIDDEN
 */
export async function assertPresent(locator: SourceLocator, rules: PresenceRules = {}): Promise<void> {
  const place = locator.kind === 'torrent' ? locator.torrent : locator;
  if (place.kind === 'file') await inspectFile(place.path, rules.roots);
}

function checkLength(source: string): void {
  if (source.trim() === '') throw unusable('The source is empty');
  if (source.length > MAX_TEXT) throw unusable('The source is too long');
}

function checkText(source: string): void {
  if (/[\u0000-\u001f\u007f]/.test(source)) throw unusable('The source contains control characters');
}

function urlLocator(scheme: string, source: string, headers: RequestHeaders): FileLocator | HttpLocator {
  if (scheme === 'file') return fileLocator(pathOfFileUrl(source));
  if (scheme !== 'http' && scheme !== 'https') throw unusable(`Sources of the kind "${scheme}:" are not supported`);
  const url = URL.parse(source);
  if (url === null || url.hostname === '') throw unusable('The web address is not valid');
  url.hash = '';
  return { kind: 'http', ...takeCredentials(url, checkHeaders(headers)) };
}

/** `http://user:password@host/`: the credentials become a header, so that they follow the rules of headers. */
function takeCredentials(url: URL, headers: RequestHeaders): { url: URL; headers: RequestHeaders } {
  if (url.username === '' && url.password === '') return { url, headers };
  const pair = `${decode(url.username)}:${decode(url.password)}`;
  url.username = '';
  url.password = '';
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  return { url, headers: { authorization, ...headers } };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function pathOfFileUrl(source: string): string {
  const url = URL.parse(source);
  if (url === null) throw unusable('The file address is not valid');
  if (url.hostname !== '') throw unusable('Network and device paths are not supported');
  const windows = /^\/[A-Za-z]:/.test(url.pathname);
  let path: string;
  try {
    path = fileURLToPath(url, { windows });
  } catch (cause) {
    throw new AppError('SOURCE_UNUSABLE', 'The file address is not valid', { cause });
  }
  checkLength(path);
  checkText(path);
  if (/^[\\/]{2}/.test(path)) throw unusable('Network and device paths are not supported');
  return windows ? checkWindowsPath(path) : path;
}

/** Refuses device names anywhere in a Windows path, and a second colon, which opens a stream inside a file or directory. */
function checkWindowsPath(path: string): string {
  const rest = path.slice(2);
  if (rest.includes(':') || /^[\\/]{2}/.test(rest)) throw unusable('The path is not valid');
  if (rest.split(/[\\/]/).some((part) => DEVICE_NAME.test(part))) throw unusable('Device names are not files');
  return path;
}

function fileLocator(path: string): FileLocator {
  if (platform === 'win32' && !WINDOWS_DRIVE.test(path)) throw unusable('The source must be the full path of a file');
  return { kind: 'file', path };
}

function unusable(sentence: string): AppError {
  return new AppError('SOURCE_UNUSABLE', sentence);
}
