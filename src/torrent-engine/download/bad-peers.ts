// Finds the peers that sent corrupt blocks. A failed piece with one sender proves that peer bad; a failed piece with several senders is downloaded
// again from a single peer, and the blocks are compared.
import { createHash } from 'node:crypto';
import type { PeerLink } from './peer-link.ts';

/** The senders of the blocks of a piece that failed its hash. */
interface Evidence {
  /** By block: the sender and the SHA-1 of the bytes. */
  blocks: Map<number, { sender: PeerLink; digest: string }>;
}

export class BadPeers {
  /** Pieces that failed their hash and have not passed it since. */
  readonly #open = new Map<number, Evidence[]>();
  /** The one peer that delivers an open piece. */
  readonly #sources = new Map<number, PeerLink>();

  /** Peers of which at least one is bad; the next download of an open piece shows which. Meanwhile pieces of several senders wait. */
  get suspects(): Set<PeerLink> {
    const suspects = new Set<PeerLink>();
    for (const evidence of this.#open.values()) {
      for (const { blocks } of evidence) for (const { sender } of blocks.values()) suspects.add(sender);
    }
    return suspects;
  }

  get failedPieces(): Iterable<number> {
    return this.#open.keys();
  }

  isFailed(piece: number): boolean {
    return this.#open.has(piece);
  }

  /** Whether this peer may send blocks of this piece: a piece that failed is downloaded from one peer only. */
  accepts(piece: number, peer: PeerLink): boolean {
    if (!this.#open.has(piece)) return true;
    const source = this.#sources.get(piece);
    if (source === undefined || source.isClosed || !source.canSend(piece)) return true;
    return source === peer;
  }

  /** Makes the peer the only sender of an open piece. True: another peer had begun it, and its blocks have to be dropped. */
  choose(piece: number, peer: PeerLink): boolean {
    const before = this.#sources.get(piece);
    this.#sources.set(piece, peer);
    return before !== undefined && before !== peer;
  }

  sourceOf(piece: number): PeerLink | undefined {
    return this.#sources.get(piece);
  }

  /** Records a failed piece, which is open until it passes its hash. Returns the peer that is proven bad: the only sender. */
  failed(
    piece: number,
    senders: Map<number, PeerLink>,
    readBlock: (block: number) => Uint8Array,
  ): PeerLink | undefined {
    this.#sources.delete(piece);
    const [first, ...others] = new Set(senders.values());
    if (first !== undefined && others.length === 0) {
      this.#open.set(piece, this.#open.get(piece) ?? []);
      return first;
    }
    const blocks = new Map<number, { sender: PeerLink; digest: string }>();
    for (const [block, sender] of senders) blocks.set(block, { sender, digest: digest(readBlock(block)) });
    this.#open.set(piece, [...(this.#open.get(piece) ?? []), { blocks }]);
    return undefined;
  }

  /** Records that a piece passed its hash. Returns the peers that had sent other bytes for it. */
  passed(piece: number, readBlock: (block: number) => Uint8Array): Set<PeerLink> {
    const guilty = new Set<PeerLink>();
    for (const { blocks } of this.#open.get(piece) ?? []) {
      for (const [block, { sender, digest: was }] of blocks) if (digest(readBlock(block)) !== was) guilty.add(sender);
    }
    this.#open.delete(piece);
    this.#sources.delete(piece);
    return guilty;
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('base64');
}
