// The configuration of a server, read once from the environment.
import { tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { GIB, MIB } from '../base/units.ts';

import type { LogLevel } from '../base/logger.ts';
import { userCacheDirectory, userConfigDirectory } from '../base/user-directories.ts';
import type { CastDiscovery, ListenAddress, NamedDevice } from './network-values.ts';
import type { InspectedProcess } from './setting-values.ts';
import { SETTINGS, type Setting } from './settings.ts';
import { TORRENT_SETTINGS } from './torrent-settings.ts';

export interface Config {
  listen: ListenAddress;
  /** Absolute. */
  dataDirectory: string;
  /** Absolute. */
  tmpDirectory: string;
  /** Absolute. */
  clipsDirectory: string;
  allowedOrigins: string[];
  addonCatalogues: string[];
  /** Lower case. */
  allowedHosts: string[];
  /** Addresses or networks. */
  trustedProxies: string[];
  lanToken: string | undefined;
  instanceToken: string | undefined;
  isLanOpen: boolean;
  privateSources: 'auto' | 'allow' | 'deny';
  /** Absolute; undefined: files of all directories may be played. */
  mediaRoots: string[] | undefined;
  /** Host, or host and port. */
  castHost: string | undefined;
  castDevices: NamedDevice[];
  /** Undefined: none. */
  castDiscovery: CastDiscovery | undefined;
  cacheBytes: number;
  memoryCacheBytes: number;
  workerMemoryBytes: number;
  sessionIdleMs: number;
  releaseIdleMs: number;
  encoderIdleMs: number;
  maxSessions: number;
  sessionsPerMinute: number;
  logLevel: LogLevel;
  /** Child processes that a debugger can attach to. */
  inspect: InspectedProcess[];
  torrents: TorrentConfig;
  /** Whether torrents without a session are seeded, also when their last session was ended on request. */
  seedsOn: boolean;
}

/** The parsed settings of torrents. */
export type TorrentConfig = {
  [Name in keyof typeof TORRENT_SETTINGS]: ReturnType<(typeof TORRENT_SETTINGS)[Name]['parse']>;
};

export type Environment = Record<string, string | undefined>;

/** An invalid setting or command line. The message is one line for the user. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** @throws ConfigError that names the variable and its valid form */
export function readConfig(env: Environment = process.env): Config {
  return {
    listen: read(SETTINGS.listen, env),
    dataDirectory: resolve(read(SETTINGS.dataDirectory, env) || userCacheDirectory(env, process.platform)),
    tmpDirectory: resolve(read(SETTINGS.tmpDirectory, env) || tmpdir()),
    clipsDirectory: resolve(
      read(SETTINGS.clipsDirectory, env) || join(userConfigDirectory(env, process.platform), 'clips'),
    ),
    allowedOrigins: read(SETTINGS.allowedOrigins, env),
    addonCatalogues: read(SETTINGS.addonCatalogues, env),
    allowedHosts: [...read(SETTINGS.allowedHosts, env), ...castNames(read(SETTINGS.castHost, env))],
    trustedProxies: read(SETTINGS.trustedProxies, env),
    lanToken: read(SETTINGS.lanToken, env),
    instanceToken: read(SETTINGS.instanceToken, env),
    isLanOpen: read(SETTINGS.isLanOpen, env),
    privateSources: read(SETTINGS.privateSources, env),
    mediaRoots: read(SETTINGS.mediaRoots, env),
    castHost: read(SETTINGS.castHost, env),
    castDevices: read(SETTINGS.castDevices, env),
    castDiscovery: read(SETTINGS.castDiscovery, env),
    cacheBytes: read(SETTINGS.cacheBytes, env),
    memoryCacheBytes: read(SETTINGS.memoryCacheBytes, env),
    workerMemoryBytes: read(SETTINGS.workerMemoryBytes, env) ?? defaultWorkerMemory(),
    sessionIdleMs: read(SETTINGS.sessionIdleMs, env),
    releaseIdleMs: read(SETTINGS.releaseIdleMs, env),
    encoderIdleMs: read(SETTINGS.encoderIdleMs, env),
    maxSessions: read(SETTINGS.maxSessions, env),
    sessionsPerMinute: read(SETTINGS.sessionsPerMinute, env),
    logLevel: read(SETTINGS.logLevel, env),
    inspect: read(SETTINGS.inspect, env),
    torrents: readTorrentConfig(env),
    seedsOn: Boolean(env[TORRENT_SETTINGS.seedAfterMs.name]) && read(TORRENT_SETTINGS.seedAfterMs, env) > 0,
  };
}

/** The least memory that an encoder of a usual video needs, and more than any video needs. */
const WORKER_MEMORY = { least: 256 * MIB, most: 4 * GIB } as const;

/** Half of the memory of the machine, or of the limit of the container. */
function defaultWorkerMemory(): number {
  const machineBytes = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  return Math.min(WORKER_MEMORY.most, Math.max(WORKER_MEMORY.least, machineBytes / 2));
}

function readTorrentConfig(env: Environment): TorrentConfig {
  const table = TORRENT_SETTINGS;
  return {
    listenHost: read(table.listenHost, env),
    port: read(table.port, env),
    trackers: read(table.trackers, env),
    dht: read(table.dht, env),
    dhtBootstrap: read(table.dhtBootstrap, env),
    peerExchange: read(table.peerExchange, env),
    localDiscovery: read(table.localDiscovery, env),
    webSeeds: read(table.webSeeds, env),
    webRtc: read(table.webRtc, env),
    utp: read(table.utp, env),
    tcp: read(table.tcp, env),
    ipv6: read(table.ipv6, env),
    portMapping: read(table.portMapping, env),
    encryption: read(table.encryption, env),
    privatePeers: read(table.privatePeers, env),
    maxConnectionsPerTorrent: read(table.maxConnectionsPerTorrent, env),
    maxConnections: read(table.maxConnections, env),
    uploadSlots: read(table.uploadSlots, env),
    downloadLimit: read(table.downloadLimit, env),
    uploadLimit: read(table.uploadLimit, env),
    seedRatio: read(table.seedRatio, env),
    seedAfterMs: read(table.seedAfterMs, env),
    capBytes: read(table.capBytes, env),
    minFreeBytes: read(table.minFreeBytes, env),
    metadataLimitMs: read(table.metadataLimitMs, env),
    keepData: read(table.keepData, env),
  };
}

/** The host name for cast devices is also an accepted Host. */
function castNames(castHost: string | undefined): string[] {
  const name = URL.parse(`http://${castHost}`)?.hostname.replace(/^\[|\]$/gu, '');
  return castHost === undefined || name === undefined ? [] : [name];
}

function read<T>(setting: Setting<T>, env: Environment): T {
  const text = env[setting.name] || setting.fallback;
  try {
    return setting.parse(text);
  } catch (cause) {
    const rule = cause instanceof Error ? cause.message : 'it is not valid';
    throw new ConfigError(`${setting.name}="${text.slice(0, 100)}" is not valid: ${rule}`, { cause });
  }
}
