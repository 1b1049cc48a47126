/** Bytes as the parsers of indexes take them, at an offset in their buffer. */
export function viewOf(...parts: Uint8Array[]): DataView {
  const { buffer, byteOffset, byteLength } = Buffer.concat([Buffer.of(0xee), ...parts, Buffer.of(0xee)]);
  return new DataView(buffer, byteOffset + 1, byteLength - 2);
}
