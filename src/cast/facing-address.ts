// The address of this machine that a device sees.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';

/** The source address of packets to `host` by the routing table; no packet is sent. Undefined without a route. */
export async function facingAddress(host: string): Promise<string | undefined> {
  try {
    const { address, family } = await lookup(host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    try {
      return await new Promise((resolve, reject) => {
        socket.once('error', reject);
        socket.connect(9, address, () => resolve(socket.address().address));
      });
    } finally {
      socket.close();
    }
  } catch {
    return undefined;
  }
}
