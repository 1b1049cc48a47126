// The base URL of this server, as the caller knows it.
import type { FastifyRequest } from 'fastify';

/** `http://host:port`: the Host of the request, which the gate has accepted; if it is unusable, the local address of the connection. */
export function baseUrl(request: FastifyRequest): string {
  const named = URL.parse(`http://${request.host}`);
  if (named !== null && named.host !== '' && named.pathname === '/' && named.username === '')
    return `http://${request.host}`;
  const { localAddress = '127.0.0.1', localPort, localFamily } = request.socket;
  return `http://${localFamily === 'IPv6' ? `[${localAddress}]` : localAddress}:${localPort}`;
}
