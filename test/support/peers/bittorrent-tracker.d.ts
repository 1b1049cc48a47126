// Types for the part of bittorrent-tracker that the tests use; the package has none.
declare module 'bittorrent-tracker' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingMessage } from 'node:http';
  import type { AddressInfo } from 'node:net';
  import type { Duplex } from 'node:stream';

  export interface ServerOptions {
    http?: boolean;
    udp?: boolean;
    ws?: boolean | { noServer: true };
    stats?: boolean;
    /** Milliseconds. */
    interval?: number;
  }

  export interface WebSocket {
    on(event: 'message', listener: (text: Buffer) => void): void;
    send(text: string): void;
  }

  export interface WebSocketServer extends EventEmitter {
    handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      done: (webSocket: { terminate(): void }) => void,
    ): void;
  }

  export class Server extends EventEmitter {
    constructor(options: ServerOptions);
    readonly http: { address(): AddressInfo } | null;
    readonly udp: { address(): AddressInfo } | null;
    readonly ws: WebSocketServer | null;
    listen(port: number, hosts: { http: string; udp: string; udp6: string }, listening: () => void): void;
    close(closed: () => void): void;
  }
}
