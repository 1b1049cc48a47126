// The piece picker: chooses the blocks to request from one peer, by urgency, then fairly among the readers of equal urgency. At the highest
// urgency the newest position comes first. It does not pick the rarest piece first.
import type { PieceTable } from './piece-table.ts';
import { URGENCY, weightOf, type ReaderState, type Demand } from './reader-window.ts';

/** The choice of blocks for one peer. */
export interface PickRequest {
  demands: readonly Demand[];
  /** Maximal number of blocks. */
  count: number;
  /** Only demands from this urgency... */
  mostUrgent: number;
  /** ... to this one are served. */
  leastUrgent: number;
  /** Whether this piece may be requested from this peer. */
  accepts: (piece: number) => boolean;
  /** Called for each chosen block, before the next one is searched. */
  take: (block: number) => void;
}

/** Returns the number of blocks taken. */
export function pickBlocks(table: PieceTable, request: PickRequest): number {
  let taken = 0;
  for (let urgency = request.mostUrgent; urgency <= request.leastUrgent && taken < request.count; urgency += 1) {
    const searches = request.demands
      .filter((demand) => demand.urgency === urgency)
      .map((demand) => new Search(table, demand, request.accepts));
    const order = urgency === URGENCY.FIRST ? newestFirst : leastServedFirst;
    while (taken < request.count && searches.length > 0) {
      searches.sort(order);
      const [search] = searches;
      const block = search?.next();
      if (block === undefined) searches.shift();
      else {
        request.take(block);
        serve(search?.reader);
        taken += 1;
      }
    }
  }
  return taken;
}

/** The initial `served` of a new reader: the least of the others. With 0 it would come before all others until it caught up with them. */
export function levelWith(others: Iterable<ReaderState>): number {
  let least = Infinity;
  for (const { served } of others) least = Math.min(least, served);
  return least === Infinity ? 0 : least;
}

function serve(reader: ReaderState | undefined): void {
  if (reader) reader.served += 1 / weightOf(reader);
}

function newestFirst(one: Search, other: Search): number {
  return (other.reader?.openOrder ?? 0) - (one.reader?.openOrder ?? 0);
}

function leastServedFirst(one: Search, other: Search): number {
  return (one.reader?.served ?? 0) - (other.reader?.served ?? 0);
}

/** Iterates once over the blocks of a demand. */
class Search {
  readonly reader: ReaderState | undefined;
  readonly #table: PieceTable;
  readonly #accepts: (piece: number) => boolean;
  readonly #end: number;
  #at: number;

  constructor(table: PieceTable, demand: Demand, accepts: (piece: number) => boolean) {
    this.reader = demand.reader;
    this.#table = table;
    this.#accepts = accepts;
    const blocks = table.layout.blocksIn(demand);
    this.#at = blocks.start;
    this.#end = blocks.end;
  }

  next(): number | undefined {
    const { layout, present } = this.#table;
    while (this.#at < this.#end) {
      this.#at = present.nextClear(this.#at, this.#end);
      if (this.#at >= this.#end) return undefined;
      const piece = layout.pieceOf(this.#at);
      if (!this.#table.isRequestable(piece) || !this.#accepts(piece)) {
        this.#at = layout.blocksOf(piece).end;
        continue;
      }
      const block = this.#at;
      this.#at += 1;
      if (this.#table.isFree(block)) return block;
    }
    return undefined;
  }
}
