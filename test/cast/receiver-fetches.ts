// Fetches a stream as a Chromecast's media player does: from a page of another origin, which must be allowed to read every answer.
import { parseMediaPlaylist, parseMultivariantPlaylist, type MediaPlaylist } from '../support/judges/playlist.ts';

export const RECEIVER_ORIGIN = 'https://www.gstatic.com';
const TS_PACKET_BYTES = 188;
const SYNC_BYTE = 0x47;

export interface FetchedStream {
  playlist: MediaPlaylist;
  /** Bytes of the segments that were fetched, by number. */
  segments: Map<number, Buffer>;
  subtitles: string[];
}

export interface MediaInformation {
  contentId: string;
  contentType: string;
  streamType: string;
  hlsSegmentFormat: string | undefined;
  tracks: { trackContentId: string; trackContentType: string; trackId: number; language: string }[];
}

/** The playlist (the best variant's, if there are several), every subtitle, and the first segments. @throws Error in the words of a player */
export async function fetchStream(media: MediaInformation, startSeconds: number): Promise<FetchedStream> {
  const playlist = await fetchPlaylist(media.contentId, media.contentType);
  const subtitles: string[] = [];
  for (const track of media.tracks) {
    if (track.trackContentType !== 'text/vtt') throw new Error(`a text track of type ${track.trackContentType}`);
    subtitles.push(await fetchSubtitle(track.trackContentId));
  }
  const stream: FetchedStream = { playlist, segments: new Map(), subtitles };
  const first = segmentAt(playlist, startSeconds);
  for (const number of [first, first + 1]) await fetchSegment(stream, number);
  return stream;
}

/** The number of the segment that plays at a time. */
export function segmentAt(playlist: MediaPlaylist, seconds: number): number {
  let end = 0;
  const found = playlist.segments.findIndex((segment) => (end += segment.seconds) > seconds);
  return found === -1 ? playlist.segments.length - 1 : found;
}

/** HEAD, a range, and the whole: all three must say the same. */
export async function fetchSegment(stream: FetchedStream, number: number): Promise<void> {
  const segment = stream.playlist.segments[number];
  if (segment === undefined || stream.segments.has(number)) return;
  const head = await ask(segment.uri, { method: 'HEAD' });
  const whole = await ask(segment.uri);
  expectType(whole, 'video/mp2t');
  const bytes = Buffer.from(await whole.arrayBuffer());
  if (Number(head.headers.get('content-length')) !== bytes.length) throw new Error('HEAD and GET differ in length');
  const part = await ask(segment.uri, { headers: { range: `bytes=${TS_PACKET_BYTES}-${2 * TS_PACKET_BYTES - 1}` } });
  const piece = Buffer.from(await part.arrayBuffer());
  if (part.status !== 206 || !piece.equals(bytes.subarray(TS_PACKET_BYTES, 2 * TS_PACKET_BYTES)))
    throw new Error('a wrong range');
  if (bytes.length % TS_PACKET_BYTES !== 0 || bytes[0] !== SYNC_BYTE || piece[0] !== SYNC_BYTE)
    throw new Error('no MPEG-TS');
  stream.segments.set(number, bytes);
}

async function fetchPlaylist(url: string, contentType: string): Promise<MediaPlaylist> {
  const reply = await ask(url);
  expectType(reply, contentType);
  const text = await reply.text();
  if (!text.includes('#EXT-X-STREAM-INF')) return parseMediaPlaylist(text, reply.url);
  const [best] = parseMultivariantPlaylist(text, reply.url).variants;
  return fetchPlaylist(best?.['URI'] ?? '', contentType);
}

async function fetchSubtitle(url: string): Promise<string> {
  const reply = await ask(url);
  expectType(reply, 'text/vtt');
  const text = await reply.text();
  if (!text.startsWith('WEBVTT')) throw new Error('a text track that is not WebVTT');
  return text;
}

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('origin', RECEIVER_ORIGIN);
  const reply = await fetch(url, { ...init, headers });
  const allowed = reply.headers.get('access-control-allow-origin');
  if (allowed !== '*' && allowed !== RECEIVER_ORIGIN)
    throw new Error(`no CORS for ${new URL(url).pathname}: ${reply.status}`);
  if (!reply.ok) throw new Error(`status ${reply.status} for ${new URL(url).pathname}`);
  return reply;
}

function expectType(reply: Response, type: string): void {
  const stated = reply.headers.get('content-type') ?? '';
  if (stated.split(';')[0] !== type) throw new Error(`${stated} instead of ${type}`);
}
