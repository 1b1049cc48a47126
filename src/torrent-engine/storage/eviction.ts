// Which pieces make room first: of torrents nobody uses, then what was watched, then what lies far ahead. Never what is being read.
import { MIB } from '../../base/units.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import type { PieceLayout } from '../protocol/piece-layout.ts';

/** The start of what is read holds the index of its container, mostly. */
const HEAD_BYTES = 8 * MIB;
/** Even in need, a reader's last bytes stay: players go back a little. */
const LEAST_BACK_BYTES = 2 * MIB;

export interface Place {
  /** In the torrent. */
  position: number;
  end: number;
}

export interface Evictable {
  infoHash: string;
  layout: PieceLayout;
  /** Whether anything of the piece takes room. */
  isOnDisk: (piece: number) => boolean;
  isUsed: boolean;
  usedAtMs: number;
  places: readonly Place[];
  /** What stays: prefetched ranges, heads of the files that are read. */
  kept: readonly ByteRange[];
}

export interface EvictionLimits {
  /** To be freed. */
  needBytes: number;
  /** Kept behind and ahead of each place. */
  backBytes: number;
  aheadBytes: number;
}

export interface Eviction {
  infoHash: string;
  pieces: number[];
}

/** What to evict, torrent by torrent; less than needed when there is no more. */
export function planEviction(torrents: readonly Evictable[], limits: EvictionLimits): Eviction[] {
  const plan = new Map<string, Set<number>>();
  let needBytes = limits.needBytes;
  const take = (torrent: Evictable, pieces: Iterable<number>): void => {
    const taken = plan.get(torrent.infoHash) ?? new Set();
    plan.set(torrent.infoHash, taken);
    for (const piece of pieces) {
      if (needBytes <= 0) return;
      if (taken.has(piece) || !torrent.isOnDisk(piece)) continue;
      taken.add(piece);
      const { start, end } = torrent.layout.pieceRange(piece);
      needBytes -= end - start;
    }
  };
  const byAge = torrents.toSorted((one, other) => one.usedAtMs - other.usedAtMs);
  for (const torrent of byAge) if (!torrent.isUsed) take(torrent, allPieces(torrent.layout));
  for (const backBytes of [limits.backBytes, Math.min(limits.backBytes, LEAST_BACK_BYTES)]) {
    for (const torrent of byAge) if (torrent.isUsed) take(torrent, sparePieces(torrent, { ...limits, backBytes }));
  }
  return [...plan]
    .filter(([, pieces]) => pieces.size > 0)
    .map(([infoHash, pieces]) => ({ infoHash, pieces: [...pieces] }));
}

/** The head of the range a place is in: `start` is that of its file. */
export function headOf(start: number, end: number): ByteRange {
  return { start, end: Math.min(start + HEAD_BYTES, end) };
}

/** Outside of all windows; those behind every place first, the farthest first. */
function sparePieces({ layout, places, kept }: Evictable, { backBytes, aheadBytes }: EvictionLimits): number[] {
  const windows = places.map(({ position, end }) =>
    layout.piecesIn({ start: Math.max(0, position - backBytes), end: Math.min(end, position + aheadBytes) }),
  );
  windows.push(...kept.map((range) => layout.piecesIn(range)));
  const isFree = (piece: number) => !windows.some(({ start, end }) => piece >= start && piece < end);
  const current = places.map(({ position }) => layout.pieceAt(position));
  const distance = (piece: number) => {
    const behind = current.filter((at) => at >= piece).map((at) => at - piece);
    const ahead = current.filter((at) => at < piece).map((at) => piece - at);
    // Behind somebody and ahead of nobody is watched; ahead of somebody it may be wanted soon.
    return ahead.length === 0 ? layout.pieceCount + Math.min(...behind, layout.pieceCount) : Math.min(...ahead);
  };
  return [...allPieces(layout)].filter(isFree).toSorted((one, other) => distance(other) - distance(one));
}

function* allPieces(layout: PieceLayout): Generator<number> {
  for (let piece = 0; piece < layout.pieceCount; piece += 1) yield piece;
}
