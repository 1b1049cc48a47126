// Chooses the blocks to ask one peer for: by urgency, then fairly among those who want as urgently, the newest place first of all.
import type { PieceTable } from './piece-table.ts';
import { URGENCY, weightOf, type ReaderState, type Wish } from './reader-window.ts';

/** One peer's turn. */
export interface Turn {
  wishes: readonly Wish[];
  /** How many blocks at most. */
  count: number;
  /** Only wishes at least this urgent, or... */
  mostUrgent: number;
  /** ... at most. */
  leastUrgent: number;
  /** Whether this peer may be asked for this piece. */
  accepts: (piece: number) => boolean;
  /** Called for each block chosen, before the next is looked for. */
  take: (block: number) => void;
}

/** How many blocks were taken. */
export function pickBlocks(table: PieceTable, turn: Turn): number {
  let taken = 0;
  for (let urgency = turn.mostUrgent; urgency <= turn.leastUrgent && taken < turn.count; urgency += 1) {
    const searches = turn.wishes
      .filter((wish) => wish.urgency === urgency)
      .map((wish) => new Search(table, wish, turn.accepts));
    const order = urgency === URGENCY.FIRST ? newestFirst : leastServedFirst;
    while (taken < turn.count && searches.length > 0) {
      searches.sort(order);
      const [search] = searches;
      const block = search?.next();
      if (block === undefined) searches.shift();
      else {
        turn.take(block);
        serve(search?.reader);
        taken += 1;
      }
    }
  }
  return taken;
}

/** A new reader starts level with the one that had least, else it would be ahead of all for as long as they have been there. */
export function levelWith(others: Iterable<ReaderState>): number {
  let least = Infinity;
  for (const { served } of others) least = Math.min(least, served);
  return least === Infinity ? 0 : least;
}

function serve(reader: ReaderState | undefined): void {
  if (reader) reader.served += 1 / weightOf(reader);
}

function newestFirst(one: Search, other: Search): number {
  return (other.reader?.turn ?? 0) - (one.reader?.turn ?? 0);
}

function leastServedFirst(one: Search, other: Search): number {
  return (one.reader?.served ?? 0) - (other.reader?.served ?? 0);
}

/** Goes once over the blocks of a wish. */
class Search {
  readonly reader: ReaderState | undefined;
  readonly #table: PieceTable;
  readonly #accepts: (piece: number) => boolean;
  readonly #end: number;
  #at: number;

  constructor(table: PieceTable, wish: Wish, accepts: (piece: number) => boolean) {
    this.reader = wish.reader;
    this.#table = table;
    this.#accepts = accepts;
    const blocks = table.layout.blocksIn(wish);
    this.#at = blocks.start;
    this.#end = blocks.end;
  }

  next(): number | undefined {
    const { layout, present } = this.#table;
    while (this.#at < this.#end) {
      this.#at = present.nextClear(this.#at, this.#end);
      if (this.#at >= this.#end) return undefined;
      const piece = layout.pieceOf(this.#at);
      if (!this.#table.isOpen(piece) || !this.#accepts(piece)) {
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
