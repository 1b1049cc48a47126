// Blocks somebody waits for that do not come in time: they are asked for once more, of the peer that would be quickest.
import type { PeerLink } from './peer-link.ts';
import type { PeerMeter } from './peer-meter.ts';
import type { PieceTable } from './piece-table.ts';
import { URGENCY, type Wish } from './reader-window.ts';

/** Of each waiting reader; those behind them are not missed yet. */
const BLOCKS_LOOKED_AT = 16;
const MOST_COPIES = 2;
const SOONEST_MS = 250;
const LATEST_MS = 500;

export interface LateBlock {
  block: number;
  /** Who should have sent it. */
  lateBy: PeerLink[];
}

export interface LateBlocksOptions {
  wishes: readonly Wish[];
  nowMs: number;
  /** Peers that were late too often: what they were asked for counts for nothing. */
  isSnubbed: (peer: PeerLink) => boolean;
}

export function lateBlocks(table: PieceTable, { wishes, nowMs, isSnubbed }: LateBlocksOptions): LateBlock[] {
  const late: LateBlock[] = [];
  for (const wish of wishes) {
    if (wish.urgency > URGENCY.WAITING) continue;
    const { start, end } = table.layout.blocksIn(wish);
    let block = table.present.nextClear(start, end);
    for (let looked = 0; block < end && looked < BLOCKS_LOOKED_AT; looked += 1) {
      const copies = table.requested.get(block) ?? [];
      const awaited = copies.filter(({ peer }) => !isSnubbed(peer));
      const isLate = awaited.every(
        ({ atMs, expectedMs }) => nowMs - atMs > Math.min(Math.max(2 * expectedMs, SOONEST_MS), LATEST_MS),
      );
      if (copies.length > 0 && awaited.length < MOST_COPIES && isLate) {
        late.push({ block, lateBy: awaited.map(({ peer }) => peer) });
      }
      block = table.present.nextClear(block + 1, end);
    }
  }
  return late;
}

/** Who could send the piece soonest, of those that do not have the request yet. */
export function quickest(
  peers: ReadonlyMap<PeerLink, PeerMeter>,
  isFit: (peer: PeerLink, meter: PeerMeter) => boolean,
): PeerLink | undefined {
  let best: { peer: PeerLink; expectedMs: number } | undefined;
  for (const [peer, meter] of peers) {
    if (!isFit(peer, meter)) continue;
    const expectedMs = meter.expectedMs();
    if (!best || expectedMs < best.expectedMs) best = { peer, expectedMs };
  }
  return best?.peer;
}
