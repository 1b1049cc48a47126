// The log of one torrent from its opening to the first bytes: one line for each stage, with the time since the opening.
import type { Logger } from '../../base/logger.ts';
import type { TorrentFile } from '../../torrent-engine/protocol/torrent-engine.ts';

export class OpeningLog {
  readonly #log: Pick<Logger, 'info'> | undefined;
  readonly #infoHash: string;
  readonly #startedMs = performance.now();

  constructor(log: Pick<Logger, 'info'> | undefined, infoHash: string) {
    this.#log = log;
    this.#infoHash = infoHash;
    log?.info({ infoHash }, 'torrent opened');
  }

  metadataReceived(files: number): void {
    this.#line({ files }, 'torrent metadata received');
  }

  fileSelected({ index: fileIndex, sizeBytes }: TorrentFile): void {
    this.#line({ fileIndex, sizeBytes }, 'file of the torrent selected');
  }

  firstBytesRead(): void {
    this.#line({}, 'first bytes of the torrent read');
  }

  #line(fields: Record<string, unknown>, message: string): void {
    const tookMs = Math.round(performance.now() - this.#startedMs);
    this.#log?.info({ infoHash: this.#infoHash, tookMs, ...fields }, message);
  }
}
