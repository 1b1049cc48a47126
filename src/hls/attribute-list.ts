// Attribute lists of HLS tags (RFC 8216 section 4.2) and the small number formats they use.

/** A value of an attribute: `quoted` is written between quotes, any other value unchanged. Undefined omits the attribute. */
export type AttributeValue = { quoted: string } | string | number | undefined;

/** `NAME=value,NAME="value"`, in the order given. */
export function attributeList(attributes: Record<string, AttributeValue>): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    parts.push(typeof value === 'object' ? `${name}="${quotable(value.quoted)}"` : `${name}=${value}`);
  }
  return parts.join(',');
}

/** The text as a valid quoted-string: no quote, no line break, no control character (section 4.2). */
export function quotable(text: string): string {
  return text
    .replaceAll('"', "'")
    .replaceAll(/[\u0000-\u001f\u007f]+/gu, ' ')
    .trim();
}

/** `#EXT-X-START` line (section 4.3.5.2) for a position in seconds. */
export function startTag(seconds: number): string {
  return `#EXT-X-START:TIME-OFFSET=${seconds.toFixed(3)},PRECISE=YES`;
}
