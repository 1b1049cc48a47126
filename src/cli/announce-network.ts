// What a person at the terminal is told when the server listens on the network: who can use it, and how to pair a device.
import { renderUnicodeCompact } from 'uqr';

export interface NetworkFacts {
  /** How devices of the network reach the server; undefined: they cannot. */
  networkUrl: string | undefined;
  lanToken: string | undefined;
  isLanOpen: boolean;
  /** Whether a person reads this, and no log file does. */
  isTerminal: boolean;
}

/** Lines to print; empty when only this machine can connect. The token is in the picture alone. */
export function networkAnnouncement({ networkUrl, lanToken, isLanOpen, isTerminal }: NetworkFacts): string {
  if (networkUrl === undefined) return '';
  const lines = [`devices of the network: ${networkUrl}`];
  if (isLanOpen) lines.push('RAFFI_LAN_OPEN: everybody in the home network can use this server');
  else if (lanToken === undefined)
    lines.push('they need a cast token; RAFFI_LAN_TOKEN pairs a device for everything else');
  if (lanToken !== undefined && isTerminal) {
    const address = `${networkUrl}/?lan_token=${encodeURIComponent(lanToken)}`;
    lines.push('pair a device by this picture:', renderUnicodeCompact(address));
  }
  return `${lines.join('\n')}\n`;
}
