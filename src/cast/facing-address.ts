// Which of this machine's addresses a device sees.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';

/** The address packets to `host` leave from, as the routing table has it; nothing is sent. Undefined when there is no way. */
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
