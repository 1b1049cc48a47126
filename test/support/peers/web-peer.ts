// A peer like one in a web browser: it has all data, and is reached only through WebSocket trackers and WebRTC.
import WebTorrent from 'webtorrent';

import { patchWebRtc } from '../../../src/torrent-engine/webtorrent/web-rtc.ts';
import type { MadeTorrent } from './torrent-files.ts';

// As prompt as a browser.
patchWebRtc(() => true);

type Done = (error: Error | null, bytes?: Uint8Array) => void;

/** Options of a client on loopback that looks for no peers by itself. */
export const QUIET_CLIENT = {
  torrentPort: { port: 0, host: '127.0.0.1' },
  dht: false,
  lsd: false,
  utPex: false,
  natUpnp: false,
  natPmp: false,
  utp: false,
  webSeeds: false,
  secure: 0,
  maxConns: 5,
  downloadLimit: -1,
  uploadLimit: -1,
} as const;

export class WebPeer implements AsyncDisposable {
  readonly #client: WebTorrent;

  constructor(torrent: MadeTorrent, content: Uint8Array, trackers: string[]) {
    this.#client = new WebTorrent({ ...QUIET_CLIENT, tracker: { rtcConfig: { iceServers: [] } } });
    this.#client.on('error', () => undefined);
    this.#client.add(torrent.metainfo, {
      deselect: true,
      path: '/',
      announce: trackers,
      urlList: [],
      store: fullStore(content),
      storeCacheSlots: 0,
      uploads: 5,
      maxWebConns: 1,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#client.destroy(resolve));
  }
}

/** A store with all pieces. */
function fullStore(content: Uint8Array) {
  return class {
    readonly chunkLength: number;

    constructor(chunkLength: number) {
      this.chunkLength = chunkLength;
    }

    get(piece: number, options: { offset?: number; length?: number } | null, done: Done): void {
      const start = piece * this.chunkLength + (options?.offset ?? 0);
      done(null, content.subarray(start, start + (options?.length ?? this.chunkLength)));
    }

    put(_piece: number, _bytes: Uint8Array, done: (error: Error | null) => void): void {
      done(null);
    }

    close(done: (error: Error | null) => void): void {
      done(null);
    }

    destroy(done: (error: Error | null) => void): void {
      done(null);
    }
  };
}
