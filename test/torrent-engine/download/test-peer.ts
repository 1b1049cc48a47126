// A peer that keeps what is requested of it and sends nothing by itself.
import type { PeerLink } from '../../../src/torrent-engine/download/peer-link.ts';

export class TestPeer implements PeerLink {
  readonly key: string;
  readonly isWebSeed = false;
  requestLimit = Infinity;
  isClosed = false;
  /** Pieces that the peer does not have. */
  lacks: readonly number[] = [];
  /** Blocks that are requested and not cancelled, in order. */
  requested: number[] = [];

  constructor(key: string) {
    this.key = key;
  }

  canSend(piece: number): boolean {
    return !this.lacks.includes(piece);
  }

  request(block: number): void {
    this.requested.push(block);
  }

  cancel(block: number): void {
    this.requested = this.requested.filter((each) => each !== block);
  }

  ban(): void {
    this.isClosed = true;
  }
}
