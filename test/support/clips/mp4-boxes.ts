// Boxes of an MP4 or MOV file (ISO/IEC 14496-12): parsed into a tree, changed, written. For generated files, not for untrusted ones.

const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'edts', 'udta', 'mvex', 'dinf', 'moof', 'traf']);

export interface Box {
  type: string;
  /** Content of a box without children; else empty. */
  body: Buffer;
  children: Box[] | undefined;
}

export function parseBoxes(bytes: Uint8Array): Box[] {
  const buffer = Buffer.from(bytes);
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= buffer.length;) {
    const short = buffer.readUInt32BE(at);
    const type = buffer.toString('latin1', at + 4, at + 8);
    const header = short === 1 ? 16 : 8;
    const size = short === 1 ? Number(buffer.readBigUInt64BE(at + 8)) : short === 0 ? buffer.length - at : short;
    const body = buffer.subarray(at + header, at + size);
    boxes.push(CONTAINERS.has(type) ? box(type, parseBoxes(body)) : box(type, body));
    at += size;
  }
  return boxes;
}

export function box(type: string, content: Buffer | Box[]): Box {
  if (Buffer.isBuffer(content)) return { type, body: content, children: undefined };
  return { type, body: Buffer.alloc(0), children: content };
}

export function writeBoxes(boxes: readonly Box[]): Buffer {
  return Buffer.concat(boxes.map(writeBox));
}

function writeBox({ type, body, children }: Box): Buffer {
  const content = children === undefined ? body : writeBoxes(children);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length + 8, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, content]);
}

/** The first box at the end of a path. @throws TypeError when there is none */
export function boxAt(boxes: readonly Box[], ...path: string[]): Box {
  const found = findBox(boxes, ...path);
  if (found === undefined) throw new TypeError(`there is no box ${path.join('/')}`);
  return found;
}

export function findBox(boxes: readonly Box[], ...path: string[]): Box | undefined {
  const [type, ...rest] = path;
  for (const each of boxes) {
    if (each.type !== type) continue;
    if (rest.length === 0) return each;
    const found = findBox(each.children ?? [], ...rest);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The tracks of a file, in order. */
export function tracksOf(boxes: readonly Box[]): Box[] {
  return (boxAt(boxes, 'moov').children ?? []).filter(({ type }) => type === 'trak');
}

/** "vide" or "soun" */
export function handlerOf(track: Box): string {
  return boxAt([track], 'trak', 'mdia', 'hdlr').body.toString('latin1', 8, 12);
}

export function timescaleOf(track: Box): number {
  return boxAt([track], 'trak', 'mdia', 'mdhd').body.readUInt32BE(12);
}

/** Body of a full box of version 0: zero flags, then four-byte integers. */
export function fullBody(...values: number[]): Buffer {
  const body = Buffer.alloc(4 + 4 * values.length);
  for (const [index, value] of values.entries()) body.writeUInt32BE(value >>> 0, 4 + 4 * index);
  return body;
}
