// How the engine may behave in the network and on the disk. The server makes it from its configuration.

export interface TorrentSettings {
  /** Listens here; undefined: on every address. */
  listenHost: string | undefined;
  /** 0: any free port. */
  port: number;
  trackers: boolean;
  /** Peers by DHT; the routing table is kept in the data directory. */
  dht: boolean;
  /** `host:port` of the nodes to begin with; undefined: the usual public ones. */
  dhtBootstrap: readonly string[] | undefined;
  peerExchange: boolean;
  localDiscovery: boolean;
  webSeeds: boolean;
  webRtc: boolean;
  utp: boolean;
  tcp: boolean;
  ipv6: boolean;
  portMapping: boolean;
  /** Protocol encryption: never, when the peer does, always. */
  encryption: 'off' | 'prefer' | 'require';
  /** Peers on loopback and private addresses whoever names them; otherwise only those that local discovery finds. */
  privatePeers: boolean;
  maxConnectionsPerTorrent: number;
  /** Over all torrents. */
  maxConnections: number;
  uploadSlots: number;
  /** Bytes per second; 0: none at all; undefined: no limit. */
  downloadLimit: number | undefined;
  uploadLimit: number | undefined;
  /** Seeding ends at this ratio of sent to received... */
  seedRatio: number;
  /** ... or this long after the last user went. */
  seedAfterMs: number;
  /** What all torrents may take on the disk; undefined: a quarter of what is free, 20 GiB at most. */
  capBytes: number | undefined;
  /** What is left free on the disk. */
  minFreeBytes: number;
  /** Data stays after a clean end. */
  keepData: boolean;
}
