// The connection to one peer as the download sees it, whatever the transport.

export interface PeerLink {
  /** `address:port`, or the URL of a web seed. */
  readonly key: string;
  /** The other end is an HTTP server with the files: it gets requests of any length instead of single blocks. */
  readonly isWebSeed: boolean;
  /** Whether the peer has the piece and does not choke requests for it. */
  canSend(piece: number): boolean;
  /** Number of requests that the peer accepts at a time; Infinity when it states none. */
  readonly requestLimit: number;
  request(block: number): void;
  cancel(block: number): void;
  /** Closes the connection; the address is never connected to again. */
  ban(why: string): void;
  readonly isClosed: boolean;
}
