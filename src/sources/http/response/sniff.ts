// Recognizes content that is not media from its first bytes; the MIME type is only a hint.

export type Sniffed = 'hls' | 'dash' | 'html' | 'text' | undefined;

const LOOK_BYTES = 2048;
/** A comment ends at the first `-->`: a pattern that may match a longer comment too takes exponential time for a row of comments. */
const COMMENTS = String.raw`(?:<!--(?:(?!-->)[\s\S])*-->\s*)*`;
const HTML = new RegExp(String.raw`^${COMMENTS}<(?:!doctype html|html|head|body|title|meta|script|h1|div|p)\b`, 'i');
const DASH = new RegExp(String.raw`^(?:<\?xml[^>]*>\s*)?${COMMENTS}<MPD[\s>]`);

/**
 * `hls`: a playlist; `dash`: a manifest; `html`: a web page; `text`: JSON, XML or plain text with such a MIME type.
 * Undefined: anything else, media included, whatever the MIME type.
 */
export function sniff(head: Uint8Array, contentType: string | undefined): Sniffed {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, LOOK_BYTES));
  if (bytes.length === 0) return undefined;
  // A byte order mark counts as white space.
  const text = bytes.toString('utf8').trimStart();
  if (text.startsWith('#EXTM3U')) return 'hls';
  if (isBinary(bytes)) return undefined;
  if (HTML.test(text)) return 'html';
  if (DASH.test(text)) return 'dash';
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'text/html' || type === 'application/xhtml+xml') return 'html';
  return type.startsWith('text/') || /[/+](?:json|xml)$/.test(type) ? 'text' : undefined;
}

/** Whether the bytes have control characters that no text has. */
function isBinary(bytes: Buffer): boolean {
  return bytes.some((byte) => byte < 9 || (byte > 13 && byte < 27) || byte === 127);
}
