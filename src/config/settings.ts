// Every setting of the server, in one table: name, default, meaning. The documentation is made from it.
import { isIPv4 } from 'node:net';
import { delimiter, isAbsolute } from 'node:path';

import { parseNetwork } from '../base/ip-address.ts';
import type { LogLevel } from '../base/logger.ts';

export interface Setting<T> {
  /** Environment variable. */
  name: string;
  /** As a person would write it; `shown` when the true default depends on the machine. */
  fallback: string;
  shown?: string;
  meaning: string;
  /** @throws Error with what a right value looks like */
  parse(text: string): T;
}

export interface NamedDevice {
  name: string;
  host: string;
  port: number;
}

export interface CastDiscovery {
  /** Its IPv4 address; undefined: every interface. */
  interface?: string;
}

export interface ListenAddress {
  /** Undefined: every address of this machine. */
  host: string | undefined;
  port: number;
}

const INSPECTED_PROCESSES = ['workers', 'torrents'] as const;

export type InspectedProcess = (typeof INSPECTED_PROCESSES)[number];

const LOG_LEVELS: readonly LogLevel[] = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'];

export const SETTINGS = {
  listen: setting('RAFFI_SERVER_ADDR', listenAddress, {
    fallback: '127.0.0.1:6969',
    meaning: 'Address to listen on: `host:port`, or `:port` for every address of the machine',
  }),
  dataDirectory: setting('RAFFI_DATA_DIR', String, {
    fallback: '',
    shown: "the user's cache directory",
    meaning: 'Directory of the database: what was learned about sources, and the sessions',
  }),
  tmpDirectory: setting('RAFFI_TMP_DIR', String, {
    fallback: '',
    shown: "the system's temporary directory",
    meaning: 'Directory in which `raffi/` with the segments is made',
  }),
  clipsDirectory: setting('RAFFI_CLIPS_DIR', String, {
    fallback: '',
    shown: "`Raffi/clips` in the user's configuration directory",
    meaning: 'Directory in which clips are kept',
  }),
  allowedOrigins: setting('RAFFI_ALLOWED_ORIGINS', origins, {
    fallback: '',
    meaning: 'More web origins that may call the server, separated by commas',
  }),
  addonCatalogues: setting('RAFFI_ADDON_CATALOGUES', addresses, {
    fallback: 'https://api.strem.io/addonscollection.json,https://stremio-addons.com/catalog.json',
    meaning: 'Catalogues behind `GET /community-addons`, separated by commas',
  }),
  allowedHosts: setting('RAFFI_ALLOWED_HOSTS', hostNames, {
    fallback: '',
    meaning: 'More names under which the server may be called, separated by commas: of a proxy, or in the home network',
  }),
  trustedProxies: setting('RAFFI_TRUSTED_PROXIES', networks, {
    fallback: '',
    meaning:
      'Proxies whose `X-Forwarded-For` is believed: addresses or networks such as `10.0.0.0/8`, separated by commas',
  }),
  lanToken: setting('RAFFI_LAN_TOKEN', secret, {
    fallback: '',
    meaning:
      'Opens the server to devices of the network that know this text, of 12 characters or more; shown as a QR code at the start',
  }),
  instanceToken: setting('RAFFI_INSTANCE_TOKEN', secret, {
    fallback: '',
    meaning:
      'A text of 12 characters or more that `GET /` shows to this machine: whoever started the server knows it by that from another program on its port',
  }),
  isLanOpen: setting('RAFFI_LAN_OPEN', isOn, {
    fallback: '',
    meaning: '`1`: every device of the home network may use the server, without a token',
  }),
  privateSources: setting('RAFFI_PRIVATE_SOURCES', privateSources, {
    fallback: 'auto',
    meaning:
      'Sources on this machine and in the home network: `auto` (those the owner names), `allow`, `deny`; see `docs/security.md`',
  }),
  mediaRoots: setting('RAFFI_MEDIA_ROOTS', directories, {
    fallback: '',
    shown: 'anywhere',
    meaning: 'Directories that local files may be played from, separated by `:` (`;` on Windows)',
  }),
  castHost: setting('RAFFI_CAST_HOST', castHost, {
    fallback: '',
    shown: 'the address in the home network',
    meaning: 'Host, or `host:port`, under which cast devices reach the server',
  }),
  castDevices: setting('RAFFI_CAST_DEVICES', castDevices, {
    fallback: '',
    meaning: 'Cast devices that cannot be found by themselves: `name@host` or `name@host:port`, separated by commas',
  }),
  castDiscovery: setting('RAFFI_CAST_DISCOVERY', castDiscovery, {
    fallback: 'on',
    meaning:
      'Whether cast devices are looked for when somebody asks for them: `on`, `off`, or the IPv4 address of the interface to look on',
  }),
  cacheBytes: setting('RAFFI_CACHE_SIZE', size, {
    fallback: '4GiB',
    meaning: 'How much disk the finished segments may take',
  }),
  memoryCacheBytes: setting('RAFFI_MEMORY_CACHE_SIZE', size, {
    fallback: '64MiB',
    meaning: 'How much memory fresh segments may take',
  }),
  workerMemoryBytes: setting('RAFFI_WORKER_MEMORY', workerMemory, {
    fallback: '',
    shown: 'half of the memory, `4GiB` at most',
    meaning: 'How much memory one media worker may take before it is ended (Linux)',
  }),
  sessionIdleMs: setting('RAFFI_SESSION_IDLE', duration, {
    fallback: '24h',
    meaning: 'A session ends this long after its last request',
  }),
  releaseIdleMs: setting('RAFFI_RELEASE_IDLE', duration, {
    fallback: '10m',
    meaning: "A session's source is closed this long after its last request, and opened again by the next one",
  }),
  encoderIdleMs: setting('RAFFI_ENCODER_IDLE', duration, {
    fallback: '60s',
    meaning: 'An encoder ends this long after the last request for one of its segments',
  }),
  maxSessions: setting('RAFFI_MAX_SESSIONS', wholeNumber, {
    fallback: '1000',
    meaning: 'How many sessions there may be at a time',
  }),
  sessionsPerMinute: setting('RAFFI_SESSIONS_PER_MINUTE', wholeNumber, {
    fallback: '120',
    meaning: 'How many sessions one caller may make in a minute',
  }),
  logLevel: setting('RAFFI_LOG_LEVEL', logLevel, {
    fallback: 'info',
    meaning: `How much is logged: ${LOG_LEVELS.join(', ')}`,
  }),
  inspect: setting('RAFFI_INSPECT', inspectedProcesses, {
    fallback: '',
    meaning:
      'For development: child processes that a debugger can attach to, `workers` (media workers), `torrents` (the torrent engine), or both, separated by commas. Their addresses are in the log, and they may stop at a breakpoint without being ended',
  }),
};

export function setting<T>(
  name: string,
  parse: (text: string) => T,
  words: { fallback: string; shown?: string; meaning: string },
): Setting<T> {
  return { name, parse, ...words };
}

function listenAddress(text: string): ListenAddress {
  const match = /^(?:\[(?<six>[0-9a-f:.%a-z]+)\]|(?<host>[^\s:[\]/]*)):(?<port>\d{1,5})$/iu.exec(text.trim());
  const port = Number(match?.groups?.['port']);
  if (match === null || port > 65_535) throw new Error('write it as host:port, [address]:port or :port');
  const host = match.groups?.['six'] ?? match.groups?.['host'];
  return { host: host === '' ? undefined : host, port };
}

const CAST_PORT = 8009;

function castDevices(text: string): NamedDevice[] {
  return listed(text).map((each) => {
    const match =
      /^(?<name>[^@]*[^@\s][^@]*)@(?:\[(?<six>[0-9a-f:.]+)\]|(?<host>[^\s:[\]/@]+))(?::(?<port>\d{1,5}))?$/iu.exec(
        each,
      );
    const { name = '', six, host = '', port = CAST_PORT } = match?.groups ?? {};
    if (match === null || !(Number(port) > 0 && Number(port) < 65_536))
      throw new Error(`"${each}" is not a device such as Living room@192.168.1.20`);
    return { name: name.trim(), host: six ?? host, port: Number(port) };
  });
}

function castDiscovery(text: string): CastDiscovery | undefined {
  const wanted = text.trim().toLowerCase();
  if (wanted === 'off') return undefined;
  if (wanted === 'on') return {};
  if (isIPv4(wanted)) return { interface: wanted };
  throw new Error('write on, off or the IPv4 address of an interface');
}

export function listed(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function addresses(text: string): string[] {
  const list = listed(text);
  for (const each of list) {
    if (!/^https?:$/u.test(URL.parse(each)?.protocol ?? ''))
      throw new Error(`"${each}" is not an address such as https://example.org/list.json`);
  }
  return list;
}

function hostNames(text: string): string[] {
  const list = listed(text.toLowerCase()).map((each) => each.replace(/^\[(?<six>.*)\]$/u, '$<six>'));
  for (const each of list) {
    if (!/^[a-z\d._-]+$|^[\da-f:.]+$/u.test(each)) throw new Error(`"${each}" is not a name such as nas.example.org`);
  }
  return list;
}

function networks(text: string): string[] {
  const list = listed(text);
  for (const each of list) {
    try {
      parseNetwork(each);
    } catch (cause) {
      throw new Error(`"${each}" is neither an address nor a network such as 10.0.0.0/8`, { cause });
    }
  }
  return list;
}

const SECRET_LENGTH = 12;

function secret(text: string): string | undefined {
  if (text === '') return undefined;
  if (text.length < SECRET_LENGTH || !/^[\x21-\x7e]+$/u.test(text)) {
    throw new Error(`write ${SECRET_LENGTH} characters or more, without spaces`);
  }
  return text;
}

export function isOn(text: string): boolean {
  const word = text.trim().toLowerCase();
  if (['', '0', 'false', 'no', 'off'].includes(word)) return false;
  if (['1', 'true', 'yes', 'on'].includes(word)) return true;
  throw new Error('write 1 or 0');
}

const PRIVATE_SOURCES = ['auto', 'allow', 'deny'] as const;

function privateSources(text: string): (typeof PRIVATE_SOURCES)[number] {
  const choice = PRIVATE_SOURCES.find((each) => each === text.trim().toLowerCase());
  if (choice === undefined) throw new Error(`it must be one of ${PRIVATE_SOURCES.join(', ')}`);
  return choice;
}

function directories(text: string): string[] | undefined {
  const list = text.split(delimiter).filter((each) => each !== '');
  for (const each of list) if (!isAbsolute(each)) throw new Error(`"${each}" is not the full path of a directory`);
  return list.length === 0 ? undefined : list;
}

function castHost(text: string): string | undefined {
  if (text.trim() === '') return undefined;
  if (!/^(?:[a-z\d._-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/iu.test(text.trim()))
    throw new Error('write it as host or host:port');
  return text.trim();
}

function origins(text: string): string[] {
  const list = listed(text);
  for (const each of list) {
    if (URL.parse(each)?.origin !== each) throw new Error(`"${each}" is not an origin such as https://example.org`);
  }
  return list;
}

const SIZE_UNITS = new Map([
  ['', 1],
  ['kib', 2 ** 10],
  ['mib', 2 ** 20],
  ['gib', 2 ** 30],
  ['tib', 2 ** 40],
]);

export function size(text: string): number {
  return Math.round(withUnit(text, SIZE_UNITS, 'write it as a number with KiB, MiB or GiB, such as 4GiB'));
}

const LEAST_WORKER_MEMORY = 128 * 2 ** 20;

function workerMemory(text: string): number | undefined {
  if (text.trim() === '') return undefined;
  const bytes = size(text);
  if (bytes < LEAST_WORKER_MEMORY) throw new Error('write 128MiB or more: a worker takes as much for any film');
  return bytes;
}

const DURATION_UNITS = new Map([
  ['ms', 1],
  ['', 1000],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

export function duration(text: string): number {
  return withUnit(text, DURATION_UNITS, 'write it as a number with ms, s, m, h or d, such as 10m');
}

function withUnit(text: string, units: Map<string, number>, rule: string): number {
  const match = /^(?<number>\d+(?:\.\d+)?)\s*(?<unit>[a-z]*)$/iu.exec(text.trim());
  const unit = units.get(match?.groups?.['unit']?.toLowerCase() ?? 'none');
  if (unit === undefined) throw new Error(rule);
  return Number(match?.groups?.['number']) * unit;
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/u.test(text.trim())) throw new Error('write it as a whole number above 0');
  return Number(text);
}

function inspectedProcesses(text: string): InspectedProcess[] {
  return listed(text.toLowerCase()).map((each) => {
    const known = INSPECTED_PROCESSES.find((name) => name === each);
    if (known === undefined) throw new Error(`"${each}" is not one of ${INSPECTED_PROCESSES.join(', ')}`);
    return known;
  });
}

function logLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((each) => each === text.trim().toLowerCase());
  if (level === undefined) throw new Error(`it must be one of ${LOG_LEVELS.join(', ')}`);
  return level;
}
