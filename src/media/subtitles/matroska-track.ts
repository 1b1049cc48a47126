// A subtitle track of a Matroska source: its number, its codec, and the compression of its blocks.
import { inflateSync } from 'node:zlib';
import { childrenOf, textValue, unsignedChild, unsignedChildOr } from '../index/matroska/matroska-ebml.ts';
import { ID } from '../index/matroska/matroska-ids.ts';
import { streamEntries } from '../index/matroska/matroska-tracks.ts';

const SUBTITLE_TRACK_TYPE = 17;
/** WebVTT of WebM. Captions, descriptions and metadata may have the type of metadata tracks; libavformat makes subtitles of them. */
const WEBM_TEXT = /^D_WEBVTT\/(?:SUBTITLES|CAPTIONS|DESCRIPTIONS|METADATA)/u;
const ZLIB = 0;
const HEADER_STRIPPING = 3;
const SCOPE_BLOCKS = 1;
const NANOSECONDS_PER_MS = 1_000_000;

export interface MatroskaSubtitleTrack {
  number: number;
  codecId: string;
  /** The header of an ASS script; empty where there is none. */
  codecPrivate: Uint8Array;
  /** Duration of blocks that state none. */
  defaultDurationMs: number | undefined;
  /** Decompresses the payload of a block; undefined when it is damaged or too long. */
  unpack(payload: Uint8Array): Uint8Array | undefined;
}

/**
 * The subtitle track with that ordinal among the subtitle tracks of `Tracks`, as libavformat counts them.
 * Undefined when there is none, or when its compression is unknown.
 */
export function parseSubtitleTrack(
  tracks: DataView | undefined,
  ordinal: number,
  maxBytes: number,
): MatroskaSubtitleTrack | undefined {
  const entry = streamEntries(tracks).filter(isSubtitle)[ordinal];
  const number = entry && unsignedChild(entry, ID.trackNumber);
  if (!entry || !number) return undefined;
  const unpack = unpacker(entry, maxBytes);
  const duration = unsignedChild(entry, ID.defaultDuration);
  const header = bytesOf(childrenOf(entry, ID.codecPrivate)[0]);
  return (
    unpack && {
      number,
      codecId: codecOf(entry),
      codecPrivate: header,
      defaultDurationMs: duration ? duration / NANOSECONDS_PER_MS : undefined,
      unpack,
    }
  );
}

function isSubtitle(entry: DataView): boolean {
  return unsignedChild(entry, ID.trackType) === SUBTITLE_TRACK_TYPE || WEBM_TEXT.test(codecOf(entry));
}

function codecOf(entry: DataView): string {
  return textValue(childrenOf(entry, ID.codecId)[0]) ?? '';
}

type Unpack = MatroskaSubtitleTrack['unpack'];

/** RFC 9559 section 5.1.4.1.31: muxers use at most one compression. Undefined for encryption and rare kinds. */
function unpacker(entry: DataView, maxBytes: number): Unpack | undefined {
  const encodings = childrenOf(childrenOf(entry, ID.contentEncodings)[0], ID.contentEncoding).filter(
    (encoding) => (unsignedChildOr(encoding, ID.contentEncodingScope, SCOPE_BLOCKS) & SCOPE_BLOCKS) !== 0,
  );
  const [encoding] = encodings;
  if (!encoding) return (payload) => payload;
  const compression = childrenOf(encoding, ID.contentCompression)[0];
  const isEncrypted = unsignedChildOr(encoding, ID.contentEncodingType, 0) !== 0;
  if (encodings.length > 1 || isEncrypted || !compression) return undefined;
  const algorithm = unsignedChildOr(compression, ID.contentCompAlgo, ZLIB);
  if (algorithm === ZLIB) return (payload) => inflated(payload, maxBytes);
  if (algorithm !== HEADER_STRIPPING) return undefined;
  const stripped = bytesOf(childrenOf(compression, ID.contentCompSettings)[0]);
  return (payload) => Buffer.concat([stripped, payload]);
}

function inflated(payload: Uint8Array, maxBytes: number): Uint8Array | undefined {
  try {
    return inflateSync(payload, { maxOutputLength: maxBytes });
  } catch {
    return undefined;
  }
}

function bytesOf(view: DataView | undefined): Uint8Array {
  return view ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array();
}
