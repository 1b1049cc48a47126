// How WebRTC peers are met. The library waits five seconds for the end of gathering, of which nobody tells it: now it is told.
// And what a stranger says about where it is leads to allowed addresses only.
import Peer from '@thaunknown/simple-peer/lite.js';

/** For the whole process, before the first tracker is asked. */
export function mendWebRtc(isAllowed: (address: string) => boolean): void {
  const { prototype } = Peer;
  const { _onIceStateChange: changed, signal } = prototype;
  prototype._onIceStateChange = function told(this: Peer): void {
    changed.call(this);
    if (this._pc?.iceGatheringState === 'complete') this._onIceCandidate({ candidate: null });
  };
  prototype.signal = function checked(this: Peer, said: unknown): void {
    if (typeof said !== 'object' || said === null || !('type' in said) || !('sdp' in said)) return;
    const { type, sdp } = said;
    if (typeof type === 'string' && typeof sdp === 'string')
      signal.call(this, { type, sdp: withoutForbidden(sdp, isAllowed) });
  };
}

/** RFC 8839, 5.1: the address is the fifth word. A name is refused as well: it would be looked up where nobody checks. */
function withoutForbidden(sdp: string, isAllowed: (address: string) => boolean): string {
  const isForbidden = (line: string): boolean => /^a=candidate:/iu.test(line) && !isAllowed(line.split(' ')[4] ?? '');
  return sdp
    .split(/\r?\n/u)
    .filter((line) => !isForbidden(line))
    .join('\r\n');
}
