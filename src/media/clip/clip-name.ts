// File names for clips: the name that a caller requested, made safe on every system. A result is always a name, never a path.

/** Bytes of UTF-8: leaves room for a suffix and the extension within the 255 bytes that file systems allow. */
const MAX_BYTES = 200;
const EXTENSION = '.mp4';
/** Characters that Windows forbids in names, or that are separators on some system. */
const FORBIDDEN = /[<>:"/\\|?*\u0000-\u001f\u007f-\u009f]/gu;
/** Characters that change the writing direction or are invisible, so that names look like others. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;
/** Device names of Windows, with any extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/iu;

/** The part after the last separator of any system. */
export function baseName(path: string): string {
  return path.split(/[/\\]/u).at(-1) ?? '';
}

/** A safe name without extension; `fallback` (also made safe) when no character of `wanted` is left. */
export function clipName(wanted: string, fallback: string): string {
  return harmless(wanted) || harmless(fallback) || 'clip';
}

/** `name.mp4`, `name (2).mp4`, ... */
export function numberedName(name: string, number: number): string {
  return number === 1 ? `${name}${EXTENSION}` : `${name} (${number})${EXTENSION}`;
}

function harmless(text: string): string {
  const words = text
    .toWellFormed()
    .normalize('NFC')
    .replaceAll(INVISIBLE, '')
    .replaceAll(FORBIDDEN, '_')
    .replaceAll(/\s+/gu, ' ');
  const bare = words.trim().toLowerCase().endsWith(EXTENSION) ? words.trim().slice(0, -EXTENSION.length) : words;
  const name = trimmed(cut(trimmed(bare)));
  return RESERVED.test(name) ? `_${name}` : name;
}

/** Removes leading dots, which hide a file, and trailing dots and spaces, which Windows drops. */
function trimmed(name: string): string {
  return name.replace(/^[\s.]+/u, '').replace(/[\s.]+$/u, '');
}

function cut(name: string): string {
  let [kept, bytes] = ['', 0];
  for (const { segment } of new Intl.Segmenter().segment(name)) {
    bytes += Buffer.byteLength(segment);
    if (bytes > MAX_BYTES) break;
    kept += segment;
  }
  return kept;
}
