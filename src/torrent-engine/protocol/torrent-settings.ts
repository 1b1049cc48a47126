// Settings of the engine for the network and the disk. The server derives them from its configuration.

export interface TorrentSettings {
  /** The address to listen at; undefined: every address. */
  listenHost: string | undefined;
  /** 0: any free port. */
  port: number;
  trackers: boolean;
  /** Peers from the DHT; the routing table is stored in the data directory. */
  dht: boolean;
  /** `host:port` of the bootstrap nodes; undefined: the well-known public nodes. */
  dhtBootstrap: readonly string[] | undefined;
  peerExchange: boolean;
  localDiscovery: boolean;
  webSeeds: boolean;
  webRtc: boolean;
  utp: boolean;
  tcp: boolean;
  ipv6: boolean;
  portMapping: boolean;
  /** Protocol encryption: never, when the peer supports it, always. */
  encryption: 'off' | 'prefer' | 'require';
  /** Whether peers at loopback and private addresses are accepted from every origin; otherwise only from local discovery. */
  privatePeers: boolean;
  maxConnectionsPerTorrent: number;
  /** Over all torrents. */
  maxConnections: number;
  uploadSlots: number;
  /** Bytes per second; 0: nothing is sent or received; undefined: no limit. */
  downloadLimit: number | undefined;
  uploadLimit: number | undefined;
  /** Seeding ends at this ratio of uploaded to downloaded bytes... */
  seedRatio: number;
  /** ... or this long after the last handle was closed. */
  seedAfterMs: number;
  /** What all torrents together may take on the disk; undefined: a quarter of the free space, 20 GiB at most. */
  capBytes: number | undefined;
  /** Space that stays free on the disk. */
  minFreeBytes: number;
  /** Whether the data stays after a clean end. */
  keepData: boolean;
}
