// Limits the number of connections: an idle one is closed for a new one, so that half-open connections lock out no caller.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { isLoopbackIp } from '../../base/ip-address.ts';

export interface ConnectionLimits {
  /** Maximal number of connections, not counting those of this machine. */
  maxConnections: number;
  /** Maximal number of connections of one caller. */
  maxPerPeer: number;
}

/** Applies the limits to the server until it closes. `keyOf` identifies the caller of a connection. */
export function limitConnections(server: Server, limits: ConnectionLimits, keyOf: (socket: Socket) => string): void {
  /** Oldest first. */
  const peers = new Map<Socket, string>();
  /** Number of open responses on each connection. */
  const busy = new Map<Socket, number>();

  const makeRoom = (among: Socket[]): boolean => {
    const idle = among.find((socket) => !busy.has(socket));
    idle?.destroy();
    return idle !== undefined;
  };

  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    const all = [...peers.keys()];
    // Connections from the network never use up those of this machine.
    const isFull = all.length >= limits.maxConnections && !isLoopbackIp(socket.remoteAddress);
    const own = all.length >= limits.maxPerPeer ? all.filter((other) => peers.get(other) === key) : [];
    const hasRoom = own.length >= limits.maxPerPeer ? makeRoom(own) : !isFull || makeRoom(all);
    if (!hasRoom) return void socket.destroy();
    peers.set(socket, key);
    socket.once('close', () => {
      peers.delete(socket);
      busy.delete(socket);
    });
  });

  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    busy.set(socket, (busy.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (busy.get(socket) ?? 1) - 1;
      if (left > 0) busy.set(socket, left);
      else busy.delete(socket);
    });
  });
}
