// Removes emulation prevention from the payload of a NAL unit: 00 00 03 becomes 00 00 (ISO/IEC 14496-10 7.3.1, 23008-2 7.3.1.1).

/** Parameter sets are much shorter; bytes beyond this are not read. */
const MOST_BYTES = 4096;

/** Payload after a header of `headerBytes` bytes (1 in H.264, 2 in HEVC), a copy. */
export function rbsp(unit: Uint8Array, headerBytes: number): Uint8Array {
  const source = unit.subarray(headerBytes, headerBytes + MOST_BYTES);
  const out = new Uint8Array(source.length);
  let size = 0;
  let zeros = 0;
  for (const byte of source) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[size++] = byte;
  }
  return out.subarray(0, size);
}
