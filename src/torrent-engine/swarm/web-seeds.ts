// The web servers that have the files of a torrent (BEP 19). webtorrent keeps their wires; what they are asked for is decided here: the library
// takes the names of files for addresses, as they are, and asks servers for filler and for empty files.
import type { Torrent } from 'webtorrent';
import type { PieceLayout } from '../protocol/piece-layout.ts';
import { fetchParts } from './web-seed-fetch.ts';
import type { WebSeedFiles } from './web-seed-files.ts';

export interface WebSeedContents {
  layout: PieceLayout;
  webSeedFiles: WebSeedFiles;
}

export class WebSeeds {
  readonly #torrent: Torrent;
  readonly #onWarning: (text: string) => void;
  readonly #addresses = new Set<string>();
  #contents: WebSeedContents | undefined;

  constructor(torrent: Torrent, onWarning: (text: string) => void) {
    this.#torrent = torrent;
    this.#onWarning = onWarning;
  }

  /** They wait until it is known what is in the torrent. */
  add(addresses: readonly string[]): void {
    for (const address of addresses) {
      this.#addresses.add(address);
      if (this.#contents) this.#connect(address, this.#contents);
    }
  }

  attach(contents: WebSeedContents): void {
    this.#contents = contents;
    for (const address of this.#addresses) this.#connect(address, contents);
  }

  #connect(address: string, { layout, webSeedFiles }: WebSeedContents): void {
    if (this.#torrent._peers?.has(address) === true) return;
    this.#torrent.addWebSeed(address);
    const connection = this.#torrent._peers?.get(address)?.conn;
    if (!connection) return;
    const closed = new AbortController();
    connection.once('close', () => closed.abort());
    let complaint = '';
    connection.httpRequest = (...[piece, offset, length, done]) => {
      const start = layout.pieceRange(piece).start + offset;
      const parts = webSeedFiles.parts({ start, end: start + length }, address);
      fetchParts(parts, closed.signal).then(
        (bytes) => done(null, bytes),
        (cause: unknown) => {
          const isNew = !closed.signal.aborted && complaint !== (complaint = sentenceOf(cause));
          if (isNew) this.#onWarning(`${hostOf(address)}: ${complaint}`);
          done(new Error('the web seed failed', { cause }));
        },
      );
    };
  }
}

/** The rest of an address may be a secret. */
function hostOf(address: string): string {
  return URL.parse(address)?.host ?? 'a web seed';
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
