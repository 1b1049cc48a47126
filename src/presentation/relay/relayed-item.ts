// A relay: HLS of another server under names of this server. A client never learns an address, and can only request URIs that a playlist
// named. Nothing is encoded; bytes pass through.
import { createHash } from 'node:crypto';
import { extname } from 'node:path/posix';

import { LRUCache } from 'lru-cache';

import { AppError } from '../../base/app-error.ts';
import { parseRange } from '../../base/byte-range.ts';
import type { ItemInfo } from '../item-info.ts';
import {
  unknownSegment,
  unknownSubtitles,
  unknownVariant,
  type ItemHandle,
  type LocatedSegment,
  type MediaItem,
  type MultivariantRequest,
  type MuxedPlaylistRequest,
  type StreamFile,
  type StreamFileRequest,
} from '../media-item.ts';
import { chooseRelayedAudio, playlistSeconds, relayedAudio, withStart, type RelayedAudio } from './relayed-text.ts';

/** The upstream server: its playlists with renamed URIs, and its bytes. */
export interface HlsOrigin extends AsyncDisposable {
  /** URL of the first playlist. */
  readonly url: URL;
  playlist(url: URL, rename: (uri: NamedUri) => string | undefined, signal: AbortSignal): Promise<string>;
  fetch(url: URL, range: { start: number; end?: number } | undefined, signal: AbortSignal): Promise<OriginBytes>;
}

export interface NamedUri {
  url: URL;
  /** The tag whose attribute the URI is; undefined for a URI line. */
  tag: string | undefined;
  isPlaylist: boolean;
}

export interface OriginBytes {
  status: 200 | 206;
  contentType: string | undefined;
  lengthBytes: number | undefined;
  contentRange: string | undefined;
  body: AsyncIterable<Uint8Array>;
}

/** Limit for live streams, which name new segments without end; the oldest names have left the playlist long before. */
const REMEMBERED_NAMES = 50_000;
/** Extensions that stay in the name, because players derive the format from them. */
const KNOWN_EXTENSIONS = new Set([
  '.ts',
  '.m4s',
  '.mp4',
  '.m4a',
  '.m4v',
  '.aac',
  '.ac3',
  '.ec3',
  '.mp3',
  '.vtt',
  '.key',
]);
/** Audio muxed into the variants: one track without a description in the playlist. */
const UNNAMED_AUDIO: RelayedAudio = { language: 'und', title: '', channels: undefined, isDefault: true };

/** Reads the first playlist, and the first variant for the duration. Takes ownership of the origin, also when an error is thrown. */
export async function relayItem(origin: HlsOrigin, signal: AbortSignal): Promise<ItemHandle> {
  await using stack = new AsyncDisposableStack();
  stack.use(origin);
  const names = new UriNames();
  const text = await origin.playlist(origin.url, (uri) => names.name(uri), signal);
  const [child] = names.playlists();
  const media = child === undefined ? text : await origin.playlist(child, (uri) => names.name(uri), signal);
  const audio = relayedAudio(text);
  const owned = stack.move();
  const info = infoOf(playlistSeconds(media), audio.length > 0 ? audio : [UNNAMED_AUDIO]);
  return {
    item: new RelayedItem(origin, names, info),
    isStale: false,
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

class RelayedItem implements MediaItem {
  readonly info: ItemInfo;
  readonly #origin: HlsOrigin;
  readonly #names: UriNames;

  constructor(origin: HlsOrigin, names: UriNames, info: ItemInfo) {
    this.#origin = origin;
    this.#names = names;
    this.info = info;
  }

  multivariant({ chosenAudioIndex, startSeconds }: MultivariantRequest, signal: AbortSignal): Promise<string> {
    return this.muxedPlaylist({ audioIndex: 0, chosenAudioIndex, startSeconds, prefix: 'stream/' }, signal);
  }

  /** The playlist that the source points at, multivariant or media. */
  async muxedPlaylist(request: MuxedPlaylistRequest, signal: AbortSignal): Promise<string> {
    const { chosenAudioIndex, startSeconds, prefix } = request;
    const text = await this.#text(this.#origin.url, prefix, signal);
    const chosen = chosenAudioIndex === undefined ? text : chooseRelayedAudio(text, chosenAudioIndex);
    return startSeconds === undefined ? chosen : withStart(chosen, startSeconds);
  }

  async streamFile({ name, range }: StreamFileRequest, signal: AbortSignal): Promise<StreamFile> {
    const url = await this.#address(name, signal);
    if (url === undefined) throw unknownSegment();
    if (name.endsWith('.m3u8')) return { text: await this.#text(url, '', signal) };
    const { lengthBytes, ...rest } = await this.#origin.fetch(url, relayedRange(range), signal);
    return { relayed: { ...rest, contentLength: lengthBytes } };
  }

  castPlaylist(): { playlist: string; format: undefined } {
    return { playlist: 'stream.m3u8', format: undefined };
  }

  mediaPlaylist(rendition: string): string {
    throw unknownVariant(rendition);
  }

  async init(rendition: string): Promise<Uint8Array> {
    throw unknownVariant(rendition);
  }

  segment(rendition: string): LocatedSegment {
    throw unknownVariant(rendition);
  }

  subtitles(): never {
    throw unknownSubtitles();
  }

  async clip(): Promise<string> {
    throw new AppError('UNSUPPORTED_MEDIA', 'Clips cannot be made of a stream that another server makes');
  }

  releaseViewer(): void {}

  #text(url: URL, prefix: string, signal: AbortSignal): Promise<string> {
    return this.#origin.playlist(url, (uri) => prefix + this.#names.name(uri), signal);
  }

  /** After a restart, names are unknown until the playlists are read again: a name depends on its address only. */
  async #address(name: string, signal: AbortSignal): Promise<URL | undefined> {
    const known = this.#names.address(name);
    if (known !== undefined || !UriNames.isName(name)) return known;
    const learn = (uri: NamedUri) => this.#names.name(uri);
    await this.#origin.playlist(this.#origin.url, learn, signal);
    for (const url of this.#names.playlists()) {
      if (this.#names.address(name) !== undefined) break;
      await this.#origin.playlist(url, learn, signal);
    }
    return this.#names.address(name);
  }
}

function infoOf(durationSeconds: number | undefined, audio: RelayedAudio[]): ItemInfo {
  return {
    durationSeconds,
    fileSizeBytes: undefined,
    canSeek: durationSeconds !== undefined,
    chapters: [],
    audio: audio.map((track) => ({ ...track, role: 'main', codec: undefined, reason: undefined })),
    subtitles: [],
    video: undefined,
    variants: [],
    why: [],
  };
}

/** Addresses by their names on this server. */
class UriNames {
  readonly #addresses = new LRUCache<string, { url: URL; isPlaylist: boolean }>({ max: REMEMBERED_NAMES });

  static isName(name: string): boolean {
    return /^[\w-]{22}\.[a-z0-9]{2,4}$/u.test(name);
  }

  /** The same address always has the same name. */
  name({ url, tag, isPlaylist }: NamedUri): string {
    const hash = createHash('sha256').update(url.href).digest('base64url').slice(0, 22);
    const name = hash + (isPlaylist ? '.m3u8' : extension(url, tag));
    this.#addresses.set(name, { url, isPlaylist });
    return name;
  }

  address(name: string): URL | undefined {
    return this.#addresses.get(name)?.url;
  }

  /** Oldest first. */
  playlists(): URL[] {
    return [...this.#addresses.rvalues()].flatMap((each) => (each?.isPlaylist === true ? [each.url] : []));
  }
}

function extension(url: URL, tag: string | undefined): string {
  if (tag === 'EXT-X-KEY') return '.key';
  const stated = extname(url.pathname).toLowerCase();
  if (KNOWN_EXTENSIONS.has(stated)) return stated;
  return tag === 'EXT-X-MAP' ? '.mp4' : '.ts';
}

/** What the origin is asked for; undefined: all of it, also instead of the last bytes. */
function relayedRange(header: string | undefined): { start: number; end?: number } | undefined {
  const spec = parseRange(header);
  if (spec === undefined || !('start' in spec)) return undefined;
  const { start, end } = spec;
  return end === undefined ? { start } : { start, end };
}
