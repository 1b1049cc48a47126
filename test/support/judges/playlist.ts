// Parses playlists with a strict parser of the tests (RFC 8216 section 4), for the tags that our server writes.
import assert from 'node:assert/strict';

export interface PlaylistSegment {
  uri: string;
  seconds: number;
}

export interface MediaPlaylist {
  text: string;
  url: string;
  targetDuration: number;
  hasEnd: boolean;
  isVod: boolean;
  isIndependent: boolean;
  initUri: string | undefined;
  segments: PlaylistSegment[];
}

export interface MultivariantPlaylist {
  text: string;
  /** Attributes of EXT-X-STREAM-INF, unquoted; `URI` is the following line. */
  variants: Record<string, string>[];
  /** Attributes of EXT-X-MEDIA. */
  media: Record<string, string>[];
}

export function parseMediaPlaylist(text: string, url: string): MediaPlaylist {
  const lines = linesOf(text);
  const valueOf = (tag: string): string | undefined =>
    lines.find((line) => line.startsWith(`#${tag}:`))?.slice(tag.length + 2);
  const segments: PlaylistSegment[] = [];
  for (const [index, line] of lines.entries()) {
    const seconds = /^#EXTINF:(\d+\.\d+),$/u.exec(line)?.[1];
    if (seconds === undefined) continue;
    const uri = lines[index + 1];
    assert.ok(uri !== undefined && !uri.startsWith('#'), `${line} is not followed by a URI`);
    segments.push({ uri: new URL(uri, url).href, seconds: Number(seconds) });
  }
  const map = attributesOf(valueOf('EXT-X-MAP') ?? '')['URI'];
  return {
    text,
    url,
    targetDuration: Number(valueOf('EXT-X-TARGETDURATION')),
    hasEnd: lines.at(-1) === '#EXT-X-ENDLIST',
    isVod: valueOf('EXT-X-PLAYLIST-TYPE') === 'VOD',
    isIndependent: lines.includes('#EXT-X-INDEPENDENT-SEGMENTS'),
    initUri: map === undefined ? undefined : new URL(map, url).href,
    segments,
  };
}

export function parseMultivariantPlaylist(text: string, url: string): MultivariantPlaylist {
  const lines = linesOf(text);
  const variants: Record<string, string>[] = [];
  const media: Record<string, string>[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('#EXT-X-STREAM-INF:')) {
      variants.push({ ...attributesOf(line.slice(18)), URI: new URL(lines[index + 1] ?? '', url).href });
    } else if (line.startsWith('#EXT-X-MEDIA:')) {
      const attributes = attributesOf(line.slice(13));
      media.push({ ...attributes, URI: new URL(attributes['URI'] ?? '', url).href });
    }
  }
  return { text, variants, media };
}

function linesOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '');
  assert.equal(lines[0], '#EXTM3U');
  return lines;
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const match of text.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^",]*))(?:,|$)/gu)) {
    attributes[match[1] ?? ''] = match[2] ?? match[3] ?? '';
  }
  return attributes;
}
