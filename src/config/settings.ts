// All settings of the server in one table: name, default, meaning. The documentation is generated from it.
import {
  addresses,
  castDevices,
  castDiscovery,
  castHost,
  hostNames,
  listenAddress,
  networks,
  origins,
} from './network-values.ts';
import {
  directories,
  duration,
  inspectedProcesses,
  isOn,
  LOG_LEVELS,
  logLevel,
  privateSources,
  secret,
  size,
  wholeNumber,
  workerMemory,
} from './setting-values.ts';

export interface Setting<T> {
  /** Environment variable. */
  name: string;
  /** The default as text; `shown` is displayed when the real default depends on the machine. */
  fallback: string;
  shown?: string;
  meaning: string;
  /** @throws Error that states the valid form */
  parse(text: string): T;
}

export const SETTINGS = {
  listen: setting('RAFFI_SERVER_ADDR', listenAddress, {
    fallback: '127.0.0.1:6969',
    meaning: 'Address to listen on: `host:port`, or `:port` for every address of the machine',
  }),
  dataDirectory: setting('RAFFI_DATA_DIR', String, {
    fallback: '',
    shown: "the user's cache directory",
    meaning: 'Directory of the database of sessions and of facts about sources',
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
      'A text of 12 characters or more that `GET /` shows to this machine, so that the program that started the server can tell it from another program on its port',
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
    meaning: 'Cast devices that discovery does not find: `name@host` or `name@host:port`, separated by commas',
  }),
  castDiscovery: setting('RAFFI_CAST_DISCOVERY', castDiscovery, {
    fallback: 'on',
    meaning:
      'Whether a request for the cast devices searches the network: `on`, `off`, or the IPv4 address of the interface to search on',
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
