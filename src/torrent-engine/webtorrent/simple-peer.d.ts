declare module '@thaunknown/simple-peer/lite.js' {
  import type { EventEmitter } from 'node:events';

  class Peer extends EventEmitter {
    constructor(options: { initiator?: boolean; trickle: boolean; config: { iceServers: { urls: string }[] } });
    /** The signal of the other peer, as the tracker passes it on: any value. */
    signal(said: unknown): void;
    destroy(): void;
    readonly destroying: boolean;

    // Private.
    readonly _pc: { readonly iceGatheringState: string } | null;
    _onIceStateChange(): void;
    _onIceCandidate(event: { candidate: null }): void;
  }
  export { Peer as default };
}
