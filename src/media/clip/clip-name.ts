// File names for clips: what a caller wrote, made harmless on every system. Only ever a name, never a path.

/** Bytes of UTF-8: leaves room for a suffix and the extension within the 255 that file systems take. */
const MAX_BYTES = 200;
const EXTENSION = '.mp4';
/** Not in names on Windows, or a separator somewhere. */
const FORBIDDEN = /[<>:"/\\|?*\u0000-\u001f\u007f-\u009f]/gu;
/** Turn the writing direction, or are not seen: names that look like others. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;
/** Devices of Windows, with any extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/iu;

/** What stands after the last separator of any system. */
export function baseName(path: string): string {
  return path.split(/[/\\]/u).at(-1) ?? '';
}

/** A name without extension; `fallback` (made harmless as well) when nothing is left of `wanted`. */
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

/** Leading dots hide a file, trailing dots and spaces are lost on Windows. */
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
