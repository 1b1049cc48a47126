// Matroska files of headers alone, for what no muxer at hand writes: odd editions, hidden chapters, loops, lies.

/** An element: its id with the length marker, then the size in eight bytes. */
export function element(id: number, ...children: Buffer[]): Buffer {
  const data = Buffer.concat(children);
  return Buffer.concat([idBytes(id), sizeBytes(data.byteLength), data]);
}

/** The header of an element that claims that size; undefined: the unknown size. */
export function header(id: number, claimedBytes: bigint | undefined): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE((1n << 56n) | (claimedBytes ?? (1n << 56n) - 1n));
  return Buffer.concat([idBytes(id), size]);
}

export function number(id: number, value: number): Buffer {
  const data = Buffer.alloc(8);
  data.writeBigUInt64BE(BigInt(value));
  return element(id, data);
}

export function text(id: number, value: string): Buffer {
  return element(id, Buffer.from(value));
}

export function float(id: number, value: number): Buffer {
  const data = Buffer.alloc(8);
  data.writeDoubleBE(value);
  return element(id, data);
}

function idBytes(id: number): Buffer {
  const digits = id.toString(16);
  return Buffer.from(digits.length % 2 === 1 ? `0${digits}` : digits, 'hex');
}

function sizeBytes(size: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE((1n << 56n) | BigInt(size));
  return bytes;
}
