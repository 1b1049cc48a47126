// The store that is passed to webtorrent, which only reads from it, for requests of peers. Received blocks are written by the download.
import type { ChunkStore, ReadDone } from 'webtorrent';

export interface BlockReader {
  /** Bytes of a verified piece; undefined: the piece is not verified, or must not be uploaded. */
  read(piece: number, offset: number, length: number): Uint8Array | undefined;
}

type StoreClass = new (chunkLength: number) => ChunkStore;

/** Returns a class, because webtorrent makes the store itself. */
export function storeOver(reader: BlockReader): StoreClass {
  return class implements ChunkStore {
    readonly chunkLength: number;

    constructor(chunkLength: number) {
      this.chunkLength = chunkLength;
    }

    get(piece: number, options: { offset?: number; length?: number } | null, done: ReadDone): void {
      const { offset = 0, length = this.chunkLength - offset } = options ?? {};
      let bytes: Uint8Array | undefined;
      try {
        bytes = reader.read(piece, offset, length);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      if (bytes) done(null, bytes);
      else done(new Error('the piece is not here'));
    }

    put(_piece: number, _bytes: Uint8Array, done: (error: Error | null) => void): void {
      done(new Error('pieces are written by the download'));
    }

    close(done: (error: Error | null) => void): void {
      done(null);
    }

    destroy(done: (error: Error | null) => void): void {
      done(null);
    }
  };
}
