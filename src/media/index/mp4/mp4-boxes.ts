// Parses boxes (ISO/IEC 14496-12 clause 4.2): headers, children, and the entry tables of full boxes.

/** The most boxes of a walk: regular files have fewer. */
const MAX_BOXES = 100_000;

/** Length of the longest box header: 32-bit size, type, 64-bit size. */
export const BOX_HEADER_BYTES = 16;

export interface BoxHeader {
  type: string;
  headerBytes: number;
  /** Size including the header; undefined: to the end of the enclosing box or file (size 0). */
  sizeBytes: number | undefined;
}

export interface Box {
  type: string;
  payload: DataView;
}

/** The header at the start of `view`; undefined when it is truncated or its size is invalid. */
export function parseBoxHeader(view: DataView): BoxHeader | undefined {
  if (view.byteLength < 8) return undefined;
  const type = fourCharacters(view, 4);
  const size = view.getUint32(0);
  if (size === 0) return { type, headerBytes: 8, sizeBytes: undefined };
  if (size !== 1) return size >= 8 ? { type, headerBytes: 8, sizeBytes: size } : undefined;
  if (view.byteLength < BOX_HEADER_BYTES) return undefined;
  const large = uint64(view, 8);
  if (large < BOX_HEADER_BYTES || !Number.isSafeInteger(large)) return undefined;
  return { type, headerBytes: BOX_HEADER_BYTES, sizeBytes: large };
}

/** Children of a box. `isWhole` is false when one does not fit: the bytes after it cannot be parsed. */
export function parseBoxes(view: DataView): { boxes: Box[]; isWhole: boolean } {
  const boxes: Box[] = [];
  let at = 0;
  // QuickTime ends some lists with a zero word, so a remainder shorter than a header is valid.
  while (view.byteLength - at >= 8) {
    const header = parseBoxHeader(slice(view, at));
    const size = header?.sizeBytes ?? view.byteLength - at;
    if (!header || size > view.byteLength - at || boxes.length === MAX_BOXES) return { boxes, isWhole: false };
    boxes.push({ type: header.type, payload: slice(view, at + header.headerBytes, at + size) });
    at += size;
  }
  return { boxes, isWhole: true };
}

/** Payload of the first child of each type along the path. */
export function childAt(view: DataView | undefined, ...path: string[]): DataView | undefined {
  let found = view;
  for (const type of path) {
    if (!found) return undefined;
    found = parseBoxes(found).boxes.find((box) => box.type === type)?.payload;
  }
  return found;
}

/**
 * Number of entries of `entryBytes` each in a full box with the count at `countAt` (after version and flags by default).
 * Undefined when the box is too short for its count.
 */
export function entryCount(view: DataView, entryBytes: number, countAt: number = 4): number | undefined {
  if (view.byteLength < countAt + 4) return undefined;
  const count = view.getUint32(countAt);
  return count * entryBytes <= view.byteLength - countAt - 4 ? count : undefined;
}

/** Big-endian, exact up to 2^53; larger values become the nearest double. */
export function uint64(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
}

/** Big-endian two's complement, exact within 2^53. */
export function int64(view: DataView, at: number): number {
  return view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);
}

export function fourCharacters(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

function slice(view: DataView, start: number, end: number = view.byteLength): DataView {
  return new DataView(view.buffer, view.byteOffset + start, Math.max(0, end - start));
}
