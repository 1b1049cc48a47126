// Our own address, as the caller knows it.
import type { FastifyRequest } from 'fastify';

/** `http://host:port`: the Host of the request, which the gate has let through; our own where it is no use. */
export function baseUrl(request: FastifyRequest): string {
  const named = URL.parse(`http://${request.host}`);
  if (named !== null && named.host !== '' && named.pathname === '/' && named.username === '')
    return `http://${request.host}`;
  const { localAddress = '127.0.0.1', localPort, localFamily } = request.socket;
  return `http://${localFamily === 'IPv6' ? `[${localAddress}]` : localAddress}:${localPort}`;
}
