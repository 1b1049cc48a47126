// HE-AAC with implicit signalling, as in broadcasts: the ADTS header states AAC-LC at half the rate, and only the frames carry SBR
// (ISO/IEC 14496-3). No free encoder makes it, so a fill element with SBR data is put before the end of each frame of an AAC-LC stream.

const HEADER_BYTES = 7;
/** ID_FIL, one byte of payload: EXT_SBR_DATA without a header; then ID_END. */
const SBR_AND_END = '110' + '0001' + '1101' + '0' + '000' + '111';

/** @param adts an ADTS stream of AAC-LC */
export function withUnannouncedSbr(adts: Uint8Array): Buffer {
  const bytes = Buffer.from(adts);
  const frames: Buffer[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    if ((bytes.readUInt16BE(at) & 0xfff6) !== 0xfff0) throw new TypeError(`no ADTS frame at ${at}`);
    const size = (bytes.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
    const header = Buffer.from(bytes.subarray(at, at + HEADER_BYTES));
    const protectedBytes = (bytes.readUInt8(at + 1) & 1) === 1 ? 0 : 2;
    const body = withSbr(bytes.subarray(at + HEADER_BYTES + protectedBytes, at + size));
    const length = HEADER_BYTES + body.length;
    header.writeUInt8(header.readUInt8(1) | 1, 1);
    header.writeUIntBE((header.readUIntBE(3, 3) & ~(0x1fff << 5)) | (length << 5), 3, 3);
    frames.push(header, body);
    at += size;
  }
  return Buffer.concat(frames);
}

function withSbr(frame: Buffer): Buffer {
  const bits = Array.from(frame, (byte) => byte.toString(2).padStart(8, '0')).join('');
  // ID_END is 111, then zeros to the byte.
  const end = bits.lastIndexOf('111');
  const changed = bits.slice(0, end) + SBR_AND_END;
  const padded = changed.padEnd(Math.ceil(changed.length / 8) * 8, '0');
  return Buffer.from(padded.match(/.{8}/gu)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
}
