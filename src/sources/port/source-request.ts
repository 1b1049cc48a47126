// A source as a caller names it, before it is opened.

/** The requester of a source: the owner of this machine and paired devices, or a device of an open network. */
export type Requester = 'owner' | 'network';

/** The source that a caller requests to play. */
export interface SourceRequest {
  /** URL, path, magnet URI or info hash. */
  uri: string;
  kind: 'http' | 'torrent' | 'file';
  /** Sent with requests for an http(s) source only. */
  headers: Record<string, string>;
  /** File index in a torrent. */
  fileIndex: number | undefined;
  /** A requester that is not the owner may access less of this machine and its network; undefined: the owner. */
  requester?: Requester | undefined;
}
