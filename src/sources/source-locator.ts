// Where a source is: the text a caller sends, checked once and turned into a local path or an http(s) address.
import { platform } from 'node:process';
import { fileURLToPath } from 'node:url';

import { AppError } from '../base/app-error.ts';
import { inspectFile } from './file/inspect-file.ts';
import { checkHeaders, type RequestHeaders } from './http/request-headers.ts';

export type SourceLocator = { kind: 'file'; path: string } | { kind: 'http'; url: URL; headers: RequestHeaders };

export interface LocatorHints {
  /** What the caller believes it is. Only `torrent` matters: desktop clients send local paths as `http`. */
  kind?: 'http' | 'torrent' | 'file' | undefined;
  /** Sent with requests for an http(s) source, to its own host only. */
  headers?: RequestHeaders | undefined;
}

const MAX_TEXT = 16_384;
const TORRENTS = 'Torrents are not supported yet';
const WINDOWS_DRIVE = /^[A-Za-z]:[\\/]/;
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;
const INFO_HASH = /^(?:[0-9a-fA-F]{40}|[A-Za-z2-7]{32})$/;
const DEVICE_NAME = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:[. ].*)?$/i;

/**
 * Turns the text of a source into what can be opened. Touches neither disk nor network.
 * @throws AppError SOURCE_UNUSABLE (a sentence that names the reason), BAD_REQUEST for a header that may not be set
 */
export function parseLocator(text: string, hints: LocatorHints = {}): SourceLocator {
  checkText(text);
  // A path may end in a space; an address never does.
  const source = SCHEME.test(text.trim()) ? text.trim() : text;
  if (hints.kind === 'torrent' || INFO_HASH.test(source)) throw unusable(TORRENTS);
  if (WINDOWS_DRIVE.test(source)) return fileLocator(checkWindowsPath(source));
  if (/^[\\/]{2}/.test(source)) throw unusable('Network and device paths are not supported');
  const scheme = SCHEME.exec(source)?.[1]?.toLowerCase();
  if (scheme !== undefined) return urlLocator(scheme, source, hints.headers ?? {});
  if (source.startsWith('/')) return fileLocator(source);
  throw unusable('The source must be a web address or the full path of a file');
}

export interface PresenceRules {
  /** When given, files outside these directories are refused. Absolute paths. */
  roots?: readonly string[] | undefined;
}

/**
 * A quick look before a session is made: is there a regular file that may be read? Web addresses always pass.
 * @throws AppError SOURCE_NOT_FOUND, SOURCE_UNUSABLE (a directory, pipe, device, ...), SOURCE_FORBIDDEN
 */
export async function assertPresent(locator: SourceLocator, rules: PresenceRules = {}): Promise<void> {
  if (locator.kind === 'file') await inspectFile(locator.path, rules.roots);
}

function checkText(source: string): void {
  if (source.trim() === '') throw unusable('The source is empty');
  if (source.length > MAX_TEXT) throw unusable('The source is too long');
  if (/[\u0000-\u001f\u007f]/.test(source)) throw unusable('The source contains control characters');
}

function urlLocator(scheme: string, source: string, headers: RequestHeaders): SourceLocator {
  if (scheme === 'magnet') throw unusable(TORRENTS);
  if (scheme === 'file') return fileLocator(pathOfFileUrl(source));
  if (scheme !== 'http' && scheme !== 'https') throw unusable(`Sources of the kind "${scheme}:" are not supported`);
  const url = URL.parse(source);
  if (url === null || url.hostname === '') throw unusable('The web address is not valid');
  if (url.pathname.toLowerCase().endsWith('.torrent')) throw unusable(TORRENTS);
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
  checkText(path);
  if (/^[\\/]{2}/.test(path)) throw unusable('Network and device paths are not supported');
  return windows ? checkWindowsPath(path) : path;
}

/** Device names hide anywhere in a Windows path, and a second colon opens a stream inside a file or directory. */
function checkWindowsPath(path: string): string {
  const rest = path.slice(2);
  if (rest.includes(':') || /^[\\/]{2}/.test(rest)) throw unusable('The path is not valid');
  if (rest.split(/[\\/]/).some((part) => DEVICE_NAME.test(part))) throw unusable('Device names are not files');
  return path;
}

function fileLocator(path: string): SourceLocator {
  if (path.toLowerCase().endsWith('.torrent')) throw unusable(TORRENTS);
  if (platform === 'win32' && !WINDOWS_DRIVE.test(path)) throw unusable('The source must be the full path of a file');
  return { kind: 'file', path };
}

function unusable(sentence: string): AppError {
  return new AppError('SOURCE_UNUSABLE', sentence);
}
