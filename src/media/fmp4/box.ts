// Writes small boxes of ISO base media files as bytes (ISO/IEC 14496-12 4.2): an init section has a few hundred bytes.

/** A box of `type` (four characters) around its contents. */
export function box(type: string, ...contents: Uint8Array[]): Buffer {
  const out = Buffer.concat([Buffer.alloc(8), ...contents]);
  out.writeUInt32BE(out.length, 0);
  out.write(type, 4, 'latin1');
  return out;
}

/** A box with version and flags. */
export function fullBox(head: { type: string; version: number; flags: number }, ...contents: Uint8Array[]): Buffer {
  return box(head.type, u32((head.version << 24) | head.flags), ...contents);
}

export function u8(...values: number[]): Buffer {
  return Buffer.from(values);
}

export function u16(...values: number[]): Buffer {
  const out = Buffer.allocUnsafe(values.length * 2);
  values.forEach((value, index) => out.writeUInt16BE(value, index * 2));
  return out;
}

/** Unsigned 32-bit numbers; negative numbers are written in two's complement. */
export function u32(...values: number[]): Buffer {
  const out = Buffer.allocUnsafe(values.length * 4);
  values.forEach((value, index) => out.writeUInt32BE(value >>> 0, index * 4));
  return out;
}

export function zeros(count: number): Buffer {
  return Buffer.alloc(count);
}

export function fourCharacters(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
