// The members of webtorrent 3.0.21 that the engine uses, private ones included. test/torrent-engine/webtorrent-contract.test.ts verifies them.
declare module 'webtorrent' {
  import type { EventEmitter } from 'node:events';
  import type { AddressInfo, Server } from 'node:net';

  export interface BitField {
    get(index: number): boolean;
    set(index: number, value: boolean): void;
    buffer: Uint8Array;
  }

  export interface Wire extends EventEmitter {
    readonly type: string;
    readonly destroyed: boolean;
    readonly peerChoking: boolean;
    readonly peerPieces: { get(piece: number): boolean };
    readonly peerAllowedFastSet: readonly number[];
    readonly peerExtendedHandshake: { reqq?: unknown };
    readonly isSeeder?: boolean;
    /** Bytes of payload that the peer sent. */
    readonly downloaded: number;
    readonly remoteAddress?: string;
    readonly remotePort?: number;
    readonly requests: readonly unknown[];
    readonly lt_donthave: { donthave(piece: number): void };
    request(
      piece: number,
      offset: number,
      length: number,
      done: (error: Error | null, bytes: Uint8Array) => void,
    ): void;
    cancel(piece: number, offset: number, length: number): void;
    have(piece: number): void;
    destroy(): void;
  }

  /** Private. The connection of a wire to a web seed. */
  export interface WebSeedConnection extends EventEmitter {
    /** Replaceable: requests a part of a piece from the server. */
    httpRequest(
      piece: number,
      offset: number,
      length: number,
      done: (error: Error | null, bytes?: Uint8Array) => void,
    ): void;
  }

  export interface Peer {
    readonly id: string;
    readonly type: string;
    readonly wire: Wire | null;
    readonly addr: string | null;
    /** Of a web seed: the connection to its server. */
    readonly conn?: WebSeedConnection;
    readonly connected: boolean;
    destroy(error?: Error): void;
    once(event: 'connect' | 'disconnect', listener: () => void): this;
  }

  export interface Info {
    readonly name?: unknown;
    readonly private?: unknown;
    readonly files?: unknown;
    readonly [key: string]: unknown;
  }

  export interface Tracker {
    /** Milliseconds to the next announce; undefined: the default. */
    setInterval(intervalMs?: number | null): void;

    // Private, of WebSocket trackers.
    _onSocketData?(bytes: Uint8Array): void;
    _onSocketError?(error: Error): void;
  }

  export interface Discovery {
    readonly dht: Dht | null;
    readonly tracker: { readonly _trackers: readonly Tracker[] } | null;
    destroy(done?: () => void): void;

    // Private.
    readonly _dhtAnnouncing: boolean;
    _dhtAnnounce(): void;
  }

  export type ReadDone = (error: Error | null, bytes?: Uint8Array) => void;

  /** The interface of a store of webtorrent (abstract-chunk-store). */
  export interface ChunkStore {
    readonly chunkLength: number;
    get(piece: number, options: { offset?: number; length?: number } | null, done: ReadDone): void;
    put(piece: number, bytes: Uint8Array, done: (error: Error | null) => void): void;
    close(done: (error: Error | null) => void): void;
    destroy(done: (error: Error | null) => void): void;
  }

  /** A WebRTC connection, which the tracker client makes before it is needed. */
  export interface Connection {
    destroy(): void;
  }

  export interface Torrent extends EventEmitter {
    readonly client: WebTorrent | null;
    readonly infoHash: string;
    readonly name: string;
    readonly info: Info | undefined;
    readonly length: number;
    readonly pieceLength: number;
    readonly private: boolean | undefined;
    readonly torrentFile: Uint8Array | undefined;
    readonly files: readonly { readonly length: number; readonly path: string; readonly offset: number }[];
    readonly pieces: readonly unknown[];
    readonly bitfield: BitField;
    readonly wires: readonly Wire[];
    readonly ready: boolean;
    readonly destroyed: boolean;
    readonly received: number;
    readonly uploaded: number;
    readonly downloadSpeed: number;
    readonly uploadSpeed: number;
    addPeer(peer: string, source?: string): boolean;
    addWebSeed(url: string): void;
    removePeer(id: string): void;
    destroy(options: { destroyStore: boolean }, done: (error?: Error | null) => void): void;

    // Private.
    announce: string[];
    discovery: Discovery | null;
    readonly _hashes: readonly string[];
    readonly _noPeersIntervalId: NodeJS.Timeout | undefined;
    _hasStartupBitfield: boolean;
    readonly _peers: ReadonlyMap<string, Peer> | null;
    _updateWire(wire: Wire): unknown;
    _update(): void;
    _request(...args: never[]): boolean;
    _addPeer(peer: string | Connection, type: string, source?: string): Peer | null;
    _startDiscovery(): void;
    _markVerified(piece: number): void;
    _markUnverified(piece: number): void;
  }

  export interface AddOptions {
    deselect: true;
    path: string;
    announce: string[];
    urlList: string[];
    store: new (chunkLength: number) => ChunkStore;
    storeCacheSlots: 0;
    uploads: number;
    maxWebConns: number;
  }

  export interface ClientOptions {
    /** Passed to `net.Server.listen` unchanged, so that its options are allowed. */
    torrentPort: number | { port: number; host: string };
    dhtPort?: number;
    dht: false | { bootstrap: false; socket: EventEmitter };
    /** Node id of the DHT. */
    nodeId?: string;
    tracker: false | { wrtc?: false; rtcConfig?: { iceServers: { urls: string }[] } };
    lsd: boolean;
    utPex: boolean;
    natUpnp: boolean;
    natPmp: boolean;
    utp: boolean;
    webSeeds: boolean;
    secure: 0 | 1 | 2;
    maxConns: number;
    downloadLimit: number;
    uploadLimit: number;
  }

  export interface DhtNode {
    id: Uint8Array;
    host: string;
    port: number;
  }

  export interface Dht extends EventEmitter {
    readonly nodeId: Uint8Array;
    readonly listening: boolean;
    readonly destroyed: boolean;
    readonly nodes: { count(): number; toArray(): DhtNode[] };
    /** A node without an id is asked for it first. */
    addNode(node: { id?: Uint8Array; host: string; port: number }): void;
    /** Looks up the nodes closest to the info hash, calls itself again, and announces to them. `infoHash`: in hex, or 20 bytes. */
    announce(infoHash: string | Uint8Array, port: number, done: (error?: Error | null) => void): void;
    address(): AddressInfo;

    // Private.
    readonly _tables: { remove(infoHash: string): void };
    _bootstrap(populate: true): void;
  }

  class WebTorrent extends EventEmitter {
    static readonly UTP_SUPPORT: boolean;
    static readonly WEBRTC_SUPPORT: boolean;
    static readonly VERSION: string;
    constructor(options: ClientOptions);
    readonly torrents: readonly Torrent[];
    readonly torrentPort: number;
    readonly listening: boolean;
    readonly utp: boolean;
    readonly dht: Dht | false | null;
    maxConns: number;
    blocked: { contains(host: string): boolean } | undefined;
    readonly _connPool: { tcpServer: Server | null } | null;
    add(torrent: string | Uint8Array, options: AddOptions): Torrent;
    destroy(done: (error?: Error | null) => void): void;
  }
  export { WebTorrent as default };
}
