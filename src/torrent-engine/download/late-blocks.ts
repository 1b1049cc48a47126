// Finds the late blocks that a reader waits for: they are requested once more, from the peer that is expected to answer first. This is the
// endgame mode of BitTorrent, for what is watched now instead of for the end of the download.
import type { PeerLink } from './peer-link.ts';
import type { PeerMeter } from './peer-meter.ts';
import type { PieceTable } from './piece-table.ts';
import { URGENCY, type Demand } from './reader-window.ts';

/** The number of missing blocks that are examined for each waiting reader; a late block further on delays no read yet. */
const BLOCKS_LOOKED_AT = 16;
const MOST_COPIES = 2;
const SOONEST_MS = 250;
const LATEST_MS = 500;

export interface LateBlock {
  block: number;
  /** The peers that should have sent the block. */
  lateBy: PeerLink[];
}

export interface LateBlocksOptions {
  demands: readonly Demand[];
  nowMs: number;
  /** Whether a peer was late too often: requests to it do not count. */
  isSnubbed: (peer: PeerLink) => boolean;
}

export function lateBlocks(table: PieceTable, { demands, nowMs, isSnubbed }: LateBlocksOptions): LateBlock[] {
  const late: LateBlock[] = [];
  for (const demand of demands) {
    if (demand.urgency > URGENCY.WAITING) continue;
    const { start, end } = table.layout.blocksIn(demand);
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

/** The fitting peer that is expected to answer first. */
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
