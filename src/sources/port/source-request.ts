// A source as a caller names it, before it is opened.

/** Who asked for a source: the owner of this machine and paired devices, or anybody of an open network. */
export type Requester = 'owner' | 'network';

/** What the caller asked to play. */
export interface SourceRequest {
  /** URL, path, magnet URI or info hash. */
  uri: string;
  kind: 'http' | 'torrent' | 'file';
  /** Sent with requests for an http(s) source only. */
  headers: Record<string, string>;
  /** Which file of a torrent. */
  fileIndex: number | undefined;
  /** Callers that are not the owner reach less of this machine and its network; undefined: the owner. */
  requester?: Requester | undefined;
}
