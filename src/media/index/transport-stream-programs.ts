// The programmes of an MPEG transport stream: the packet ids of each (ISO/IEC 13818-1 2.4.4). libav parses them, but node-av does not expose them.
import type { ByteReader, ContainerIndex } from './container/container-index.ts';

/** Bytes read from the start: tables come every 100 ms, before the video. */
const LOOKED_AT_BYTES = 320 * 1024;

/** Packets alone, with a time code of four bytes before (Blu-ray), with error correction after. */
const PACKET_BYTES = [188, 192, 204] as const;
const PAYLOAD_BYTES = 188;
const SYNC = 0x47;
/** The number of consecutive packets that must begin with the sync byte. */
const SYNC_PACKETS = 5;
/** Enough bytes for that check. */
export const SNIFFED_BYTES = 204 * (SYNC_PACKETS + 1);

const ASSOCIATION_PID = 0;
const ASSOCIATION_TABLE = 0x00;
const MAP_TABLE = 0x02;
const MAX_PROGRAMMES = 256;

/** An index with programmes only; undefined when the source is not a transport stream. `head`: its first bytes. */
export async function readTransportStreamIndex(
  reader: ByteReader,
  head: Uint8Array,
): Promise<ContainerIndex | undefined> {
  const layout = layoutOf(head);
  if (!layout) return undefined;
  const bytes = await reader.read({ start: 0, end: LOOKED_AT_BYTES });
  const programmes = programmesIn(bytes, layout);
  return { container: 'mpegts', durationSeconds: undefined, video: undefined, chapters: [], programmes };
}

interface Layout {
  first: number;
  packetBytes: number;
}

function layoutOf(bytes: Uint8Array): Layout | undefined {
  for (const packetBytes of PACKET_BYTES) {
    for (let first = 0; first < packetBytes; first++) {
      const isSync = Array.from({ length: SYNC_PACKETS }, (_, index) => bytes[first + index * packetBytes] === SYNC);
      if (isSync.every(Boolean)) return { first, packetBytes };
    }
  }
  return undefined;
}

/** The packet ids of each programme, in the order of the association table, by the first version of each table. */
function programmesIn(bytes: Uint8Array, { first, packetBytes }: Layout): ReadonlySet<number>[] {
  const sections = new Map<number, SectionReader>([[ASSOCIATION_PID, new SectionReader()]]);
  const programmes = new Map<number, ReadonlySet<number>>();
  let awaited = Infinity;
  for (let at = first; at + PAYLOAD_BYTES <= bytes.length && programmes.size < awaited; at += packetBytes) {
    if (bytes[at] !== SYNC) continue;
    const packet = bytes.subarray(at, at + PAYLOAD_BYTES);
    const pid = ((at16(packet, 1) ?? 0) & 0x1fff) >>> 0;
    for (const section of sections.get(pid)?.take(packet) ?? []) {
      if (pid === ASSOCIATION_PID && section[0] === ASSOCIATION_TABLE) {
        const maps = mapsIn(section);
        for (const map of maps) if (!sections.has(map)) sections.set(map, new SectionReader());
        awaited = maps.length;
      } else if (pid !== ASSOCIATION_PID && section[0] === MAP_TABLE) {
        const key = at16(section, 3) ?? 0;
        if (!programmes.has(key)) programmes.set(key, streamsIn(section));
      }
    }
  }
  return [...programmes.values()];
}

/** Assembles the sections of one packet id (2.4.4). */
class SectionReader {
  #rest: Uint8Array | undefined;

  /** Sections that end in this packet. */
  take(packet: Uint8Array): Uint8Array[] {
    const flags = packet[3] ?? 0;
    const start = flags & 0x20 ? 5 + (packet[4] ?? 0) : 4;
    const payload = flags & 0x10 ? packet.subarray(start) : packet.subarray(packet.length);
    if (!payload.length) return [];
    const isUnitStart = ((packet[1] ?? 0) & 0x40) !== 0;
    if (!isUnitStart) return this.#rest ? this.#cut(Buffer.concat([this.#rest, payload])) : [];
    const pointer = payload[0] ?? 0;
    const before = this.#rest ? this.#cut(Buffer.concat([this.#rest, payload.subarray(1, 1 + pointer)])) : [];
    return [...before, ...this.#cut(payload.subarray(1 + pointer))];
  }

  #cut(bytes: Uint8Array): Uint8Array[] {
    const sections: Uint8Array[] = [];
    let at = 0;
    for (;;) {
      const length = at16(bytes, at + 1);
      // Table id 0xff: stuffing up to the end of the packet.
      if (length === undefined || bytes[at] === 0xff) break;
      const end = at + 3 + (length & 0xfff);
      if (end > bytes.length) break;
      sections.push(bytes.subarray(at, end));
      at = end;
    }
    this.#rest = bytes[at] === 0xff || at >= bytes.length ? undefined : bytes.subarray(at);
    return sections;
  }
}

/** Packet ids of the program maps; programme number 0 is the network information table. */
function mapsIn(section: Uint8Array): number[] {
  const maps: number[] = [];
  for (let at = 8; at + 4 <= section.length - 4 && maps.length < MAX_PROGRAMMES; at += 4) {
    if (at16(section, at) !== 0) maps.push((at16(section, at + 2) ?? 0) & 0x1fff);
  }
  return maps;
}

function streamsIn(section: Uint8Array): ReadonlySet<number> {
  const pids = new Set<number>();
  const infoBytes = (at16(section, 10) ?? 0) & 0xfff;
  for (let at = 12 + infoBytes; at + 5 <= section.length - 4;) {
    pids.add((at16(section, at + 1) ?? 0) & 0x1fff);
    at += 5 + ((at16(section, at + 3) ?? 0) & 0xfff);
  }
  return pids;
}

function at16(bytes: Uint8Array, at: number): number | undefined {
  const [high, low] = [bytes[at], bytes[at + 1]];
  return high === undefined || low === undefined ? undefined : (high << 8) | low;
}
