// Header values and percent-escaped names as text. RFC 9110 leaves bytes above 0x7F opaque; servers put UTF-8 or Latin-1 there.
import { isUtf8 } from 'node:buffer';

/**
 * A header value, one character for each byte, as a URI reference. A value in UTF-8 is decoded, as browsers do;
 * in any other value each byte above 0x7F is percent-escaped.
 */
export function uriOfHeader(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return value.replaceAll(/[\u0080-\u00ff]/gu, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A percent-escaped segment of a path, for display: decoded as UTF-8 if valid, else as Latin-1. */
export function unescapedName(segment: string): string {
  const escaped = Buffer.from(segment).toString('latin1');
  const bytes = escaped.replaceAll(/%([0-9a-f]{2})/giu, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const raw = Buffer.from(bytes, 'latin1');
  return isUtf8(raw) ? raw.toString('utf8') : bytes;
}
