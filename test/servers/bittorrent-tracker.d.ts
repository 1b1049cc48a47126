// The part of bittorrent-tracker that the tests use; the package has no types of its own.
declare module 'bittorrent-tracker' {
  import type { EventEmitter } from 'node:events';
  import type { AddressInfo } from 'node:net';

  export interface ServerOptions {
    http?: boolean;
    udp?: boolean;
    ws?: boolean;
    stats?: boolean;
    /** Milliseconds. */
    interval?: number;
  }

  export class Server extends EventEmitter {
    constructor(options: ServerOptions);
    readonly http: { address(): AddressInfo } | null;
    readonly udp: { address(): AddressInfo } | null;
    listen(port: number, host: string, listening: () => void): void;
    close(closed: () => void): void;
  }
}
