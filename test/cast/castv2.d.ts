// What the tests use of the package `castv2`, which has no types of its own.
declare module 'castv2' {
  import type { EventEmitter } from 'node:events';
  import type { Server as TlsServer, TLSSocket } from 'node:tls';

  /** Emits `message` with client id, source, destination, namespace and payload. */
  export class Server extends EventEmitter {
    constructor(options: { key: string; cert: string });
    readonly server: TlsServer;
    readonly clients: Record<string, { socket: TLSSocket }>;
    listen(port: number, host: string, callback: () => void): void;
    close(): void;
    send(...words: [client: string, source: string, destination: string, namespace: string, data: string]): void;
  }
}

declare module 'castv2/lib/proto.js' {
  interface Message {
    protocolVersion: number;
    sourceId: string;
    destinationId: string;
    namespace: string;
    payloadType: number;
    payloadUtf8?: string;
    payloadBinary?: Uint8Array;
  }

  /** Throws until its description is read, a moment after the import. */
  const protocol: { CastMessage: { serialize(message: Message): Buffer; parse(bytes: Uint8Array): Message } };
  export = protocol;
}
