// Writes PES packets as transport packets (ISO/IEC 13818-1 2.4.3), in place into the segment.
import { PACKET_BYTES } from './program-tables.ts';

/** One access unit to write. Times in 90 kHz. */
export interface PesUnit {
  pid: number;
  streamId: number;
  pts: number;
  dts: number;
  /** program_clock_reference of the first transport packet. */
  pcr: number | undefined;
  isRandomAccess: boolean;
  /** The bytes after the PES header. */
  payload: PesPayload;
  /** Number of transport packets; `closeContinuity` may raise it. */
  packets: number;
}

export interface PesPayload {
  bytes: number;
  /** Writes exactly `bytes` bytes at `offset`. */
  write(out: Buffer, offset: number): void;
}

export const PES_COUNTER_CYCLE = 16;
const TRANSPORT_HEADER = 4;
const CAPACITY = PACKET_BYTES - TRANSPORT_HEADER;
const TIMESTAMP_CYCLE = 2 ** 33;

/** The unit with the lowest number of packets that it fits into. */
export function pesUnit(unit: Omit<PesUnit, 'packets'>): PesUnit {
  const rest = pesBytes(unit) - (CAPACITY - adaptationBytes(unit));
  return { ...unit, packets: rest <= 0 ? 1 : 1 + Math.ceil(rest / CAPACITY) };
}

/**
 * Spreads units of one PID over more packets until their number is a multiple of 16, so that continuity counters, which start at 0
 * in each segment, continue from any segment into any other. The last units are spread first; a PES header is split only as a last resort.
 */
export function closeContinuity(units: readonly PesUnit[]): void {
  let missing = -units.reduce((sum, unit) => sum + unit.packets, 0) & (PES_COUNTER_CYCLE - 1);
  for (const keepWhole of [true, false]) {
    for (let index = units.length - 1; index >= 0 && missing > 0; index--) {
      const unit = units[index];
      if (unit === undefined) break;
      const most = pesBytes(unit) - (keepWhole ? headerBytes(unit) - 1 : 0); // one byte at least in each packet
      const added = Math.min(missing, Math.max(0, most - unit.packets));
      unit.packets += added;
      missing -= added;
    }
  }
}

/** Writes the transport packets of a unit at `start`; returns their end. `counter`: the continuity counter of the first one. */
export function writePes(out: Buffer, unit: PesUnit, target: { start: number; counter: number }): number {
  const end = target.start + unit.packets * PACKET_BYTES;
  // The PES packet is written to the end of its room, then moved forward packet by packet: a move never overwrites bytes that are still to be moved.
  let left = pesBytes(unit);
  unit.payload.write(out, writePesHeader(out, unit, end - left));
  for (let index = 0; index < unit.packets; index++) {
    const at = target.start + index * PACKET_BYTES;
    const needed = index === 0 ? adaptationBytes(unit) : 0;
    const size = Math.min(CAPACITY - needed, left - (unit.packets - index - 1));
    out.copyWithin(at + PACKET_BYTES - size, end - left, end - left + size);
    left -= size;
    out[at] = 0x47;
    out[at + 1] = (index === 0 ? 0x40 : 0) | (unit.pid >> 8);
    out[at + 2] = unit.pid & 0xff;
    out[at + 3] = (size < CAPACITY ? 0x30 : 0x10) | ((target.counter + index) & (PES_COUNTER_CYCLE - 1));
    if (size < CAPACITY)
      writeAdaptation(out, at + TRANSPORT_HEADER, { bytes: CAPACITY - size, unit: needed > 0 ? unit : undefined });
  }
  return end;
}

function headerBytes({ pts, dts }: Pick<PesUnit, 'pts' | 'dts'>): number {
  return pts === dts ? 14 : 19;
}

function pesBytes(unit: Omit<PesUnit, 'packets'>): number {
  return headerBytes(unit) + unit.payload.bytes;
}

/** The least size of the first packet's adaptation field: length, flags, PCR. */
function adaptationBytes({ pcr, isRandomAccess }: Omit<PesUnit, 'packets'>): number {
  if (pcr !== undefined) return 8;
  return isRandomAccess ? 2 : 0;
}

/** `bytes` includes the length byte; unused bytes are stuffing. */
function writeAdaptation(out: Buffer, at: number, field: { bytes: number; unit: PesUnit | undefined }): void {
  out[at] = field.bytes - 1;
  if (field.bytes === 1) return;
  const { pcr, isRandomAccess = false } = field.unit ?? {};
  out[at + 1] = (isRandomAccess ? 0x40 : 0) | (pcr === undefined ? 0 : 0x10);
  let next = at + 2;
  if (pcr !== undefined) {
    const base = wrap(pcr);
    out.writeUInt32BE(Math.floor(base / 2), next);
    out[next + 4] = ((base % 2) << 7) | 0x7e;
    out[next + 5] = 0; // extension
    next += 6;
  }
  out.fill(0xff, next, at + field.bytes);
}

/** The PES header; the length is 0 (unbounded) only if it does not fit, which is allowed for video alone. */
function writePesHeader(out: Buffer, unit: PesUnit, at: number): number {
  const size = headerBytes(unit);
  const length = size - 6 + unit.payload.bytes;
  out.writeUInt32BE(0x00000100 | unit.streamId, at);
  out.writeUInt16BE(length > 0xffff ? 0 : length, at + 4);
  out[at + 6] = 0x84; // data_alignment_indicator: an access unit starts here
  const withDts = size === 19;
  out[at + 7] = withDts ? 0xc0 : 0x80;
  out[at + 8] = size - 9;
  writeTimestamp(out, at + 9, { prefix: withDts ? 3 : 2, ticks: unit.pts });
  if (withDts) writeTimestamp(out, at + 14, { prefix: 1, ticks: unit.dts });
  return at + size;
}

function writeTimestamp(out: Buffer, at: number, { prefix, ticks }: { prefix: number; ticks: number }): void {
  const value = wrap(ticks);
  const high = Math.floor(value / 2 ** 30);
  const middle = Math.floor(value / 2 ** 15) & 0x7fff;
  out[at] = (prefix << 4) | (high << 1) | 1;
  out.writeUInt16BE((middle << 1) | 1, at + 1);
  out.writeUInt16BE(((value & 0x7fff) << 1) | 1, at + 3);
}

/** The time in 33 bits; times before zero wrap around. */
function wrap(ticks: number): number {
  return ((ticks % TIMESTAMP_CYCLE) + TIMESTAMP_CYCLE) % TIMESTAMP_CYCLE;
}
