// Renames every URI of an HLS playlist (RFC 8216 and its second edition), so that no client requests the original URIs.

/** A URI and its use. `tag`: `EXT-X-KEY`, ... for an attribute of that tag; undefined for a line of its own (segment or variant). */
export interface PlaylistUri {
  url: URL;
  tag: string | undefined;
  /** A line of its own after `EXT-X-STREAM-INF`, or the URI of a rendition: another playlist. */
  isPlaylist: boolean;
}

/** Returns the replacement of the URI; undefined to make the URI invalid. */
export type RenameUri = (uri: PlaylistUri) => string | undefined;

/** A URI that every client parses and no client requests. */
const NOWHERE = 'about:invalid';
const PLAYLIST_TAGS = new Set([
  'EXT-X-MEDIA',
  'EXT-X-I-FRAME-STREAM-INF',
  'EXT-X-RENDITION-REPORT',
  'EXT-X-IMAGE-STREAM-INF',
]);
const URI_ATTRIBUTE = /((?:^|,)\s*)URI="([^"]*)"/;
/** Tags that make the client request other servers directly: content steering, interstitials. */
const FOREIGN = /^#EXT-X-(?:CONTENT-STEERING\b|DATERANGE\b.*X-ASSET-(?:URI|LIST)=)/;

/** `base` is the URL of the playlist, after redirects. Only http(s) URIs are passed to `rename`. */
export function rewritePlaylist(text: string, base: URL, rename: RenameUri): string {
  const variables = new Map<string, string>();
  let afterStreamInf = false;
  const lines: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (FOREIGN.test(line)) continue;
    if (line.startsWith('#EXT-X-DEFINE:')) define(line, base, variables);
    const target = (uri: string) => URL.parse(substitute(uri.trim(), variables), base);
    if (line.startsWith('#')) {
      afterStreamInf ||= line.startsWith('#EXT-X-STREAM-INF:');
      lines.push(rewriteTag(line, target, rename));
    } else if (line.trim() === '') {
      lines.push(line);
    } else {
      lines.push(renamed({ url: target(line), tag: undefined, isPlaylist: afterStreamInf }, rename));
      afterStreamInf = false;
    }
  }
  return lines.join('\n');
}

function rewriteTag(line: string, target: (uri: string) => URL | null, rename: RenameUri): string {
  const match = /^#(EXT-X-[A-Z0-9-]+):(.*)$/.exec(line);
  const [tag, attributes] = [match?.[1], match?.[2]];
  if (tag === undefined || attributes === undefined) return line;
  const list = attributes.replace(URI_ATTRIBUTE, (_all, before: string, uri: string) => {
    const name = renamed({ url: target(uri), tag, isPlaylist: PLAYLIST_TAGS.has(tag) }, rename);
    return `${before}URI="${name}"`;
  });
  return `#${tag}:${list}`;
}

function renamed(uri: Omit<PlaylistUri, 'url'> & { url: URL | null }, rename: RenameUri): string {
  const { url } = uri;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return NOWHERE;
  return rename({ ...uri, url }) ?? NOWHERE;
}

/** `EXT-X-DEFINE` with NAME and VALUE, or QUERYPARAM; IMPORT needs the multivariant playlist and stays undefined. */
function define(line: string, base: URL, variables: Map<string, string>): void {
  const attribute = (name: string) => new RegExp(`[:,]\\s*${name}="([^"]*)"`).exec(line)?.[1];
  const [name, value, parameter] = [attribute('NAME'), attribute('VALUE'), attribute('QUERYPARAM')];
  if (name !== undefined && value !== undefined) variables.set(name, value);
  if (parameter !== undefined) variables.set(parameter, base.searchParams.get(parameter) ?? '');
}

function substitute(uri: string, variables: ReadonlyMap<string, string>): string {
  return uri.replace(/\{\$([A-Za-z0-9_-]+)\}/g, (all, name: string) => variables.get(name) ?? all);
}
