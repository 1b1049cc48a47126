// Starts the torrent engine with the first torrent: a server without torrents has no engine process.
import type {
  TorrentEngine,
  TorrentHandle,
  TorrentInfo,
  TorrentRequest,
} from '../../torrent-engine/protocol/torrent-engine.ts';

export class EngineOnDemand implements TorrentEngine {
  readonly #open: () => TorrentEngine;
  #engine: TorrentEngine | undefined;
  #closed = false;

  /** `open` is called once, at the first need. */
  constructor(open: () => TorrentEngine) {
    this.#open = open;
  }

  /** An engine that is not started yet counts as ready. */
  get state(): TorrentEngine['state'] {
    return this.#engine?.state ?? 'ready';
  }

  /** @throws what opening the engine throws */
  start(): TorrentEngine {
    if (this.#closed) throw new TypeError('the torrent engine is closed');
    this.#engine ??= this.#open();
    return this.#engine;
  }

  add(request: TorrentRequest): TorrentHandle {
    return this.start().add(request);
  }

  list(): readonly TorrentInfo[] {
    return this.#engine?.list() ?? [];
  }

  find(infoHash: string): TorrentInfo | undefined {
    return this.#engine?.find(infoHash);
  }

  async remove(infoHash: string): Promise<boolean> {
    return (await this.#engine?.remove(infoHash)) ?? false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#engine?.[Symbol.asyncDispose]();
  }
}
