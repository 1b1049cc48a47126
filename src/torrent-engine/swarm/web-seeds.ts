// The web seeds of a torrent (BEP 19). webtorrent owns their wires; this class makes their HTTP requests, because the library uses file names
// unescaped in URLs, and requests padding files and empty files.
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

  /** Adds web seeds; they are connected once the contents of the torrent are known. */
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
    let warning = '';
    connection.httpRequest = (...[piece, offset, length, done]) => {
      const start = layout.pieceRange(piece).start + offset;
      const parts = webSeedFiles.parts({ start, end: start + length }, address);
      fetchParts(parts, closed.signal).then(
        (bytes) => done(null, bytes),
        (cause: unknown) => {
          const isNew = !closed.signal.aborted && warning !== (warning = sentenceOf(cause));
          if (isNew) this.#onWarning(`${hostOf(address)}: ${warning}`);
          done(new Error('the web seed failed', { cause }));
        },
      );
    };
  }
}

/** The rest of a URL may be a secret. */
function hostOf(address: string): string {
  return URL.parse(address)?.host ?? 'a web seed';
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
