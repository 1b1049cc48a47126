// Parses MPEG-TS with a parser of the tests (ISO/IEC 13818-1): the frames of each stream, and the continuity of its packets.
import assert from 'node:assert/strict';

export interface TransportFrame {
  pts: number;
  dts: number;
  data: Buffer;
}

export interface TransportStream {
  video: TransportFrame[];
  audio: TransportFrame[];
  /** Packets whose continuity counter does not follow the previous one of their PID. */
  breaks: { packet: number; pid: number }[];
}

const PACKET = 188;
const STREAM_TYPE = { 0x1b: 'video', 0x0f: 'audio' } as const;

export function parseTransportStream(bytes: Buffer): TransportStream {
  assert.equal(bytes.length % PACKET, 0, 'whole packets');
  const counters = new Map<number, number>();
  const units = new Map<number, Buffer[][]>();
  const kinds = new Map<number, 'video' | 'audio'>();
  const breaks: TransportStream['breaks'] = [];
  for (let at = 0; at < bytes.length; at += PACKET) {
    assert.equal(bytes[at], 0x47, `a packet at ${at}`);
    const pid = bytes.readUInt16BE(at + 1) & 0x1fff;
    const payload = payloadOf(bytes.subarray(at, at + PACKET));
    if (payload === undefined) continue;
    const counter = bytes.readUInt8(at + 3) & 0xf;
    const before = counters.get(pid);
    if (before !== undefined && ((before + 1) & 0xf) !== counter) breaks.push({ packet: at / PACKET, pid });
    counters.set(pid, counter);
    const isStart = (bytes.readUInt8(at + 1) & 0x40) !== 0;
    if (isStart && pid >= 0x20 && isSection(payload)) readMap(payload, kinds);
    else if (pid >= 0x20) addTo(units, pid, { payload, isStart });
  }
  const framesOf = (kind: 'video' | 'audio'): TransportFrame[] =>
    [...kinds].filter(([, each]) => each === kind).flatMap(([pid]) => (units.get(pid) ?? []).map(frameOf));
  return { video: framesOf('video'), audio: framesOf('audio'), breaks };
}

/** Whether the first slice of a frame belongs to an IDR picture. */
export function beginsWithIdr(frame: TransportFrame | undefined): boolean {
  const data = frame?.data ?? Buffer.alloc(0);
  for (let at = data.indexOf('000001', 0, 'hex'); at >= 0; at = data.indexOf('000001', at + 3, 'hex')) {
    const type = (data[at + 3] ?? 0) & 0x1f;
    if (type >= 1 && type <= 5) return type === 5;
  }
  return false;
}

function addTo(units: Map<number, Buffer[][]>, pid: number, part: { payload: Buffer; isStart: boolean }): void {
  const list = units.get(pid) ?? [];
  units.set(pid, list);
  if (part.isStart) list.push([]);
  list.at(-1)?.push(part.payload);
}

function payloadOf(packet: Buffer): Buffer | undefined {
  const control = (packet.readUInt8(3) >> 4) & 3;
  if ((control & 1) === 0) return undefined;
  return packet.subarray(control === 3 ? 5 + packet.readUInt8(4) : 4);
}

function isSection(payload: Buffer): boolean {
  return payload.readUIntBE(0, 3) !== 1;
}

/** Parses the program map: the type of each PID. */
function readMap(payload: Buffer, kinds: Map<number, 'video' | 'audio'>): void {
  const section = payload.subarray(1 + payload.readUInt8(0));
  if (section[0] !== 2) return;
  const end = 3 + (section.readUInt16BE(1) & 0xfff) - 4;
  for (
    let at = 12 + (section.readUInt16BE(10) & 0xfff);
    at + 5 <= end;
    at += 5 + (section.readUInt16BE(at + 3) & 0xfff)
  ) {
    const type = section.readUInt8(at);
    assert.ok(type === 0x1b || type === 0x0f, `stream type ${type}`);
    kinds.set(section.readUInt16BE(at + 1) & 0x1fff, STREAM_TYPE[type]);
  }
}

function frameOf(parts: readonly Buffer[]): TransportFrame {
  const pes = Buffer.concat(parts);
  assert.equal(pes.readUIntBE(0, 3), 1, 'a PES packet');
  const flags = pes.readUInt8(7) >> 6;
  const length = pes.readUInt16BE(4);
  if (length > 0) assert.equal(pes.length, length + 6, 'the whole PES packet');
  const pts = timestampAt(pes, 9);
  return { pts, dts: flags === 3 ? timestampAt(pes, 14) : pts, data: pes.subarray(9 + pes.readUInt8(8)) };
}

function timestampAt(pes: Buffer, at: number): number {
  return (
    ((pes.readUInt8(at) >> 1) & 7) * 2 ** 30 +
    (pes.readUInt16BE(at + 1) >> 1) * 2 ** 15 +
    (pes.readUInt16BE(at + 3) >> 1)
  );
}
