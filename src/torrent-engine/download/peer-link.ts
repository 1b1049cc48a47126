// One peer as the download sees it, whatever carries its bytes.

export interface PeerLink {
  /** `address:port`, or the URL of a web seed. */
  readonly key: string;
  /** A server that has the files, not a peer: it takes no small requests, but any length. */
  readonly isWebSeed: boolean;
  /** It would answer a request for this piece. */
  canSend(piece: number): boolean;
  /** How many requests it takes at a time; Infinity where it does not say. */
  readonly requestLimit: number;
  request(block: number): void;
  cancel(block: number): void;
  /** Closes it and never talks to that address again. */
  ban(why: string): void;
  readonly isClosed: boolean;
}
