// Plans which pieces are evicted first: those of unused torrents, then those behind all readers, then those far ahead. Never those being read.
import { MIB } from '../../base/units.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import type { PieceLayout } from '../protocol/piece-layout.ts';

/** The head of a file, which usually holds the index of the container. */
const HEAD_BYTES = 8 * MIB;
/** The last bytes before a reader always stay, because players go back a little. */
const LEAST_BACK_BYTES = 2 * MIB;

export interface Place {
  /** Bytes from the start of the torrent. */
  position: number;
  end: number;
}

export interface Evictable {
  infoHash: string;
  layout: PieceLayout;
  /** Whether any block of the piece takes space. */
  isOnDisk: (piece: number) => boolean;
  isUsed: boolean;
  usedAtMs: number;
  places: readonly Place[];
  /** Ranges that stay: prefetched ranges, heads of the files that are read. */
  kept: readonly ByteRange[];
}

export interface EvictionLimits {
  /** Bytes to free. */
  needBytes: number;
  /** Bytes that stay behind and ahead of each position. */
  backBytes: number;
  aheadBytes: number;
}

export interface Eviction {
  infoHash: string;
  pieces: number[];
}

/** The pieces to evict, by torrent; fewer than needed when no more may be evicted. */
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

/** The head of a file with the range `[start, end)`. */
export function headOf(start: number, end: number): ByteRange {
  return { start, end: Math.min(start + HEAD_BYTES, end) };
}

/** Pieces outside of all windows: those behind every position first, then those ahead, the farthest first. */
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
    // A piece behind every reader has been watched; a piece ahead of a reader may be needed soon.
    return ahead.length === 0 ? layout.pieceCount + Math.min(...behind, layout.pieceCount) : Math.min(...ahead);
  };
  return [...allPieces(layout)].filter(isFree).toSorted((one, other) => distance(other) - distance(one));
}

function* allPieces(layout: PieceLayout): Generator<number> {
  for (let piece = 0; piece < layout.pieceCount; piece += 1) yield piece;
}
