// HE-AAC with implicit signalling, as in broadcasts: the headers state AAC-LC, and only the frames carry SBR. No free encoder makes it.
import { parseAdtsHeader } from '../../../src/media/bitstream/adts.ts';

/** ID_FIL of one byte (ISO/IEC 14496-3 section 4.4.2.7): EXT_SBR_DATA without a header, at which decoders double the rate. */
const FILL_ELEMENT = '110' + '0001' + '1101' + '0' + '000';
const END_ELEMENT = '111';
const HEADER_BYTES = 7;

/** The frames of an ADTS stream, each with SBR data before its end. */
export function withReplication(adts: Uint8Array): Uint8Array {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < adts.length;) {
    const header = parseAdtsHeader(adts.subarray(at));
    if (!header) throw new TypeError(`no ADTS header at byte ${at}`);
    frames.push(replicated(adts.subarray(at, at + header.frameBytes), header.headerBytes));
    at += header.frameBytes;
  }
  return Buffer.concat(frames);
}

function replicated(frame: Uint8Array, headerBytes: number): Uint8Array {
  const bits = Array.from(frame.subarray(headerBytes), (byte) => byte.toString(2).padStart(8, '0')).join('');
  // The end element, and zeros up to the byte.
  const end = bits.lastIndexOf('1') + 1;
  const changed = bits.slice(0, end - END_ELEMENT.length) + FILL_ELEMENT + END_ELEMENT;
  const body = changed.padEnd(Math.ceil(changed.length / 8) * 8, '0');
  const bytes = Buffer.from((body.match(/.{8}/gu) ?? []).map((byte) => parseInt(byte, 2)));
  const head = Buffer.from(frame.subarray(0, HEADER_BYTES));
  const size = HEADER_BYTES + bytes.length;
  head[1] = (head[1] ?? 0) | 1;
  head[3] = ((head[3] ?? 0) & 0xfc) | (size >> 11);
  head[4] = (size >> 3) & 0xff;
  head[5] = ((size & 7) << 5) | ((head[5] ?? 0) & 0x1f);
  return Buffer.concat([head, bytes]);
}
