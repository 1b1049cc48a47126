// What a session plays: a presentation made by us, or the playlists of another HLS server, passed on.
import type { PlayableSource } from '../sources/port/playable-source.ts';
import type { Presentation } from './presentation.ts';

/** HLS that another server made. Nothing is encoded: texts get new names for their URIs, bytes pass through. */
export interface RelayedPlaylist extends AsyncDisposable {
  readonly isRelayed: true;
  /** Sum of EXTINF; undefined while the stream is live. */
  readonly durationSeconds: number | undefined;
  /** The EXT-X-MEDIA audio renditions, in the order of the playlist. */
  readonly audio: RelayedAudio[];
  /**
   * Text of a playlist with every URI in it replaced by `prefix` and an opaque name. Without a name: the one the source points at.
   * Undefined when no playlist had such a name.
   */
  playlist(wanted: { name: string | undefined; prefix: string }, signal: AbortSignal): Promise<string | undefined>;
  /** The bytes behind a name; undefined when no playlist had such a name. */
  fetch(wanted: { name: string; range: string | undefined }, signal: AbortSignal): Promise<RelayedBytes | undefined>;
}

export interface RelayedAudio {
  language: string;
  title: string;
  channels: number | undefined;
  isDefault: boolean;
}

export interface RelayedBytes {
  /** 200, 206 or 416. */
  status: number;
  contentType: string | undefined;
  contentLength: number | undefined;
  contentRange: string | undefined;
  body: AsyncIterable<Uint8Array>;
}

export type Playable = Presentation | RelayedPlaylist;

/** How a torrent is doing, for those who wait for it. */
export interface TransferFacts {
  infoHash: string;
  peers: number;
  /** Bytes per second. */
  downloadSpeed: number;
  /** 0-100: share of the file that is here. */
  progress: number;
  sizeBytes: number | undefined;
}

/** Opens what is behind a source. Each `open` is matched by one dispose. */
export interface Playables {
  open(source: PlayableSource, signal: AbortSignal): Promise<Playable>;
  /** How the torrent behind a source is doing, also while it is being opened; undefined when it is none, or unknown. */
  transfer?(source: PlayableSource): TransferFacts | undefined;
  /** Removes what is kept of a source that was ended on request, unless one of the others needs it. */
  discard?(source: PlayableSource, others: readonly PlayableSource[]): Promise<void>;
}

/** Whether it has to be opened anew. */
export function isStale(playable: Playable): boolean {
  return !isRelayed(playable) && playable.isStale === true;
}

export function isRelayed(playable: Playable): playable is RelayedPlaylist {
  return 'isRelayed' in playable;
}
