// Patches the WebRTC connections of the library. It waits five seconds for the end of ICE gathering, because it misses the event: the patch passes
// the event on. Candidates of other peers are restricted to allowed addresses.
import Peer from '@thaunknown/simple-peer/lite.js';

/** For the whole process, to be called before the first announce. */
export function patchWebRtc(isAllowed: (address: string) => boolean): void {
  const { prototype } = Peer;
  const { _onIceStateChange: changed, signal } = prototype;
  prototype._onIceStateChange = function told(this: Peer): void {
    changed.call(this);
    if (this._pc?.iceGatheringState === 'complete') this._onIceCandidate({ candidate: null });
  };
  prototype.signal = function checked(this: Peer, said: unknown): void {
    // A peer that is being destroyed would still answer, and allocate what that needs.
    if (this.destroying) return;
    if (typeof said !== 'object' || said === null || !('type' in said) || !('sdp' in said)) return;
    const { type, sdp } = said;
    if (typeof type === 'string' && typeof sdp === 'string')
      signal.call(this, { type, sdp: withoutForbidden(sdp, isAllowed) });
  };
}

/** RFC 8839, 5.1. A host name is refused as well: its look-up would not be checked. */
const CANDIDATE =
  /^a=candidate:[\x21-\x7e]{1,32} \d{1,3} [a-z]+ \d{1,10} (?<host>[\d.:a-f]{2,45}) \d{1,5} typ [a-z]+(?: .*)?$/iu;

/**
 * Drops lines that the native parsers could read in another way than this code: they take every white space between words
 * for a space, and a lone carriage return within a line for nothing.
 */
function withoutForbidden(sdp: string, isAllowed: (address: string) => boolean): string {
  const passes = (line: string): boolean => {
    if (!/^[\x20-\x7e]*$/u.test(line)) return false;
    if (!/candidate:/iu.test(line)) return true;
    const host = CANDIDATE.exec(line)?.groups?.['host'];
    return host !== undefined && isAllowed(host);
  };
  return sdp.split(/\r?\n/u).filter(passes).join('\r\n');
}
