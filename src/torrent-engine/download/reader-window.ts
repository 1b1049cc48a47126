// What a reader wants fetched: the bytes it waits for, those it will need at once, and how far ahead of it the download may run.
import { MIB } from '../../base/units.ts';
import type { ReaderOrder } from '../protocol/engine-protocol.ts';
import type { ReaderProfile } from '../protocol/torrent-engine.ts';

/** What a waiting reader needs to go on. */
const URGENT_BYTES = MIB / 4;
const NEAR_BYTES = 2 * MIB;

interface Reach {
  /** The read-ahead starts with this much... */
  firstBytes: number;
  /** ... grows by this much for each byte read without a jump... */
  growth: number;
  /** ... up to this much. */
  mostBytes: number;
  /** Share among readers that want as urgently. */
  weight: number;
}

const REACHES: Record<ReaderProfile, Reach> = {
  probe: { firstBytes: MIB / 4, growth: 0.5, mostBytes: MIB, weight: 4 },
  player: { firstBytes: MIB, growth: 1, mostBytes: 64 * MIB, weight: 4 },
  hls: { firstBytes: 2 * MIB, growth: 2, mostBytes: 128 * MIB, weight: 4 },
  download: { firstBytes: 4 * MIB, growth: 1, mostBytes: 64 * MIB, weight: 1 },
};

/** The lower the more urgent. */
export const URGENCY = { FIRST: 0, WAITING: 1, NEAR: 2, PREFETCH: 3, AHEAD: 4, REST: 5 } as const;
export type Urgency = (typeof URGENCY)[keyof typeof URGENCY];

/** Bytes `[start, end)` of the torrent. */
export interface Wish {
  start: number;
  end: number;
  urgency: Urgency;
  reader: ReaderState | undefined;
}

export interface ReaderState {
  order: ReaderOrder;
  /** Higher: opened or moved later. */
  turn: number;
  /** Blocks asked for on its behalf, by its weight: who had least goes first. */
  served: number;
}

/** Its wishes, most urgent first; `mostAheadBytes` is what the disk has room for. */
export function wishesOf(reader: ReaderState, mostAheadBytes: number): Wish[] {
  const { position, end, profile, isWaiting, runBytes } = reader.order;
  const upTo = (bytes: number) => Math.min(end, position + bytes);
  const aheadEnd = upTo(Math.min(aheadBytes(profile, runBytes), Math.max(mostAheadBytes, URGENT_BYTES)));
  const wishes: Wish[] = [];
  let start = position;
  const add = (wishEnd: number, urgency: Urgency) => {
    if (wishEnd > start) wishes.push({ start, end: wishEnd, urgency, reader });
    start = Math.max(start, wishEnd);
  };
  // What a reader gave out nothing for yet, somebody looks at: nothing else is worth more.
  if (isWaiting) add(upTo(URGENT_BYTES), runBytes === 0 ? URGENCY.FIRST : URGENCY.WAITING);
  add(Math.min(aheadEnd, position + NEAR_BYTES), URGENCY.NEAR);
  add(aheadEnd, URGENCY.AHEAD);
  if (profile === 'download') add(upTo(mostAheadBytes), URGENCY.REST);
  return wishes;
}

function aheadBytes(profile: ReaderProfile, runBytes: number): number {
  const { firstBytes, growth, mostBytes } = REACHES[profile];
  return Math.min(mostBytes, firstBytes + runBytes * growth);
}

export function weightOf(reader: ReaderState): number {
  return REACHES[reader.order.profile].weight;
}
