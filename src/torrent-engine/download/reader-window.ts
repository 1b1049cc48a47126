// The demands of a reader: the bytes it waits for, the bytes it needs next, and the read-ahead.
import { MIB } from '../../base/units.ts';
import type { ReaderOrder } from '../protocol/engine-protocol.ts';
import type { ReaderProfile } from '../protocol/torrent-engine.ts';

/** Bytes that a waiting reader needs to continue. */
const URGENT_BYTES = MIB / 4;
const SOON_BYTES = 2 * MIB;

interface ReadAhead {
  /** Read-ahead after a jump... */
  firstBytes: number;
  /** ... its growth for each byte read without a jump... */
  growth: number;
  /** ... and its maximum. */
  mostBytes: number;
  /** Share among readers of equal urgency. */
  weight: number;
}

const READ_AHEAD: Record<ReaderProfile, ReadAhead> = {
  probe: { firstBytes: MIB / 4, growth: 0.5, mostBytes: MIB, weight: 4 },
  player: { firstBytes: MIB, growth: 1, mostBytes: 64 * MIB, weight: 4 },
  hls: { firstBytes: 2 * MIB, growth: 2, mostBytes: 128 * MIB, weight: 4 },
  download: { firstBytes: 4 * MIB, growth: 1, mostBytes: 64 * MIB, weight: 1 },
};

/** A lower value is more urgent. */
export const URGENCY = { FIRST: 0, WAITING: 1, SOON: 2, PREFETCH: 3, AHEAD: 4, REST: 5 } as const;
export type Urgency = (typeof URGENCY)[keyof typeof URGENCY];

/** Bytes `[start, end)` of the torrent. */
export interface Demand {
  start: number;
  end: number;
  urgency: Urgency;
  reader: ReaderState | undefined;
}

export interface ReaderState {
  order: ReaderOrder;
  /** Higher for a reader that was opened or moved later. */
  openOrder: number;
  /** Blocks requested for the reader, divided by its weight: the reader with the least goes first. */
  served: number;
}

/** The demands of a reader, most urgent first; `mostAheadBytes`: the read-ahead that the disk has space for. */
export function demandsOf(reader: ReaderState, mostAheadBytes: number): Demand[] {
  const { position, end, profile, isWaiting, runBytes } = reader.order;
  const upTo = (bytes: number) => Math.min(end, position + bytes);
  const aheadEnd = upTo(Math.min(aheadBytes(profile, runBytes), Math.max(mostAheadBytes, URGENT_BYTES)));
  const demands: Demand[] = [];
  let start = position;
  const add = (demandEnd: number, urgency: Urgency) => {
    if (demandEnd > start) demands.push({ start, end: demandEnd, urgency, reader });
    start = Math.max(start, demandEnd);
  };
  // A reader that has not delivered a byte since it was opened or moved delays a start or a seek, so it comes first.
  if (isWaiting) add(upTo(URGENT_BYTES), runBytes === 0 ? URGENCY.FIRST : URGENCY.WAITING);
  add(Math.min(aheadEnd, position + SOON_BYTES), URGENCY.SOON);
  add(aheadEnd, URGENCY.AHEAD);
  if (profile === 'download') add(upTo(mostAheadBytes), URGENCY.REST);
  return demands;
}

function aheadBytes(profile: ReaderProfile, runBytes: number): number {
  const { firstBytes, growth, mostBytes } = READ_AHEAD[profile];
  return Math.min(mostBytes, firstBytes + runBytes * growth);
}

export function weightOf(reader: ReaderState): number {
  return READ_AHEAD[reader.order.profile].weight;
}
