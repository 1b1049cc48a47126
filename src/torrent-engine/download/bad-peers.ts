// Finds out who sent bad blocks. A piece of one sender convicts it; one of several is fetched again from a single peer, and compared.
import { createHash } from 'node:crypto';
import type { PeerLink } from './peer-link.ts';

/** Who sent what of a piece that failed. */
interface Evidence {
  /** By block: its sender and the SHA-1 of its bytes. */
  blocks: Map<number, { sender: PeerLink; digest: string }>;
}

export class BadPeers {
  /** Pieces that failed and have not come whole since. */
  readonly #open = new Map<number, Evidence[]>();
  /** The one peer that delivers an open piece. */
  readonly #sources = new Map<number, PeerLink>();

  /** Whether pieces of several senders should wait: one of these peers is bad, and which will be known soon. */
  get suspects(): Set<PeerLink> {
    const suspects = new Set<PeerLink>();
    for (const evidence of this.#open.values()) {
      for (const { blocks } of evidence) for (const { sender } of blocks.values()) suspects.add(sender);
    }
    return suspects;
  }

  get openPieces(): Iterable<number> {
    return this.#open.keys();
  }

  isOpen(piece: number): boolean {
    return this.#open.has(piece);
  }

  /** Whether this peer may send blocks of this piece: a piece that failed comes from one peer alone. */
  accepts(piece: number, peer: PeerLink): boolean {
    if (!this.#open.has(piece)) return true;
    const source = this.#sources.get(piece);
    if (source === undefined || source.isClosed || !source.canSend(piece)) return true;
    return source === peer;
  }

  /** Of the open piece: whether another peer had begun it, so that its blocks have to go. */
  choose(piece: number, peer: PeerLink): boolean {
    const before = this.#sources.get(piece);
    this.#sources.set(piece, peer);
    return before !== undefined && before !== peer;
  }

  sourceOf(piece: number): PeerLink | undefined {
    return this.#sources.get(piece);
  }

  /** Whom a failed piece convicts at once; otherwise it is open until it came whole. */
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

  /** A piece came whole: those who had sent something else for it. */
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
