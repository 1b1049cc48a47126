// The text printed at the start when the server listens on the network: which devices can use it, and how to pair one.
import { renderUnicodeCompact } from 'uqr';

export interface NetworkFacts {
  /** Address of the server for devices of the network; undefined: the server is not reachable from the network. */
  networkUrl: string | undefined;
  lanToken: string | undefined;
  isLanOpen: boolean;
  /** Whether the output is a terminal, not a log file. */
  isTerminal: boolean;
}

/** Lines to print; empty when only this machine can connect. The token appears in the QR code only. */
export function networkAnnouncement({ networkUrl, lanToken, isLanOpen, isTerminal }: NetworkFacts): string {
  if (networkUrl === undefined) return '';
  const lines = [`devices of the network: ${networkUrl}`];
  if (isLanOpen) lines.push('RAFFI_LAN_OPEN: every device of the home network can use this server');
  else if (lanToken === undefined)
    lines.push('devices need a cast token; RAFFI_LAN_TOKEN pairs a device for the whole API');
  if (lanToken !== undefined && isTerminal) {
    const address = `${networkUrl}/?lan_token=${encodeURIComponent(lanToken)}`;
    lines.push('scan this QR code to pair a device:', renderUnicodeCompact(address));
  }
  return `${lines.join('\n')}\n`;
}
