// PAT and PMT of a stream with one program (ISO/IEC 13818-1 2.4.4), each in one transport packet.

export const PACKET_BYTES = 188;
export const PID = { pat: 0, pmt: 0x1000, video: 0x100, audio: 0x101 } as const;
const STREAM_TYPE = { h264: 0x1b, aacAdts: 0x0f } as const;

export interface Program {
  hasVideo: boolean;
  hasAudio: boolean;
}

/** PAT and PMT, one packet each, with continuity counter 0 in both. */
export function programTables({ hasVideo, hasAudio }: Program): Buffer {
  const pcrPid = hasVideo ? PID.video : PID.audio;
  const streams = [
    ...(hasVideo ? elementaryStream(STREAM_TYPE.h264, PID.video) : []),
    ...(hasAudio ? elementaryStream(STREAM_TYPE.aacAdts, PID.audio) : []),
  ];
  const association = section(0x00, [0x00, 0x01, 0xe0 | (PID.pmt >> 8), PID.pmt & 0xff]);
  const map = section(0x02, [0xe0 | (pcrPid >> 8), pcrPid & 0xff, 0xf0, 0x00, ...streams]);
  return Buffer.concat([sectionPacket(PID.pat, association), sectionPacket(PID.pmt, map)]);
}

function elementaryStream(type: number, pid: number): number[] {
  return [type, 0xe0 | (pid >> 8), pid & 0xff, 0xf0, 0x00];
}

/** A section with transport_stream_id or program_number 1, version 0, the only one of its table. */
function section(tableId: number, body: number[]): number[] {
  const length = 5 + body.length + 4;
  const head = [tableId, 0xb0 | (length >> 8), length & 0xff, 0x00, 0x01, 0xc1, 0x00, 0x00, ...body];
  const check = crc32Mpeg(head);
  return [...head, check >>> 24, (check >>> 16) & 0xff, (check >>> 8) & 0xff, check & 0xff];
}

function sectionPacket(pid: number, bytes: number[]): Buffer {
  const packet = Buffer.alloc(PACKET_BYTES, 0xff);
  packet.set([0x47, 0x40 | (pid >> 8), pid & 0xff, 0x10, 0x00, ...bytes]);
  return packet;
}

/** CRC of Annex A: polynomial 0x04C11DB7, not reflected. */
function crc32Mpeg(bytes: readonly number[]): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}
