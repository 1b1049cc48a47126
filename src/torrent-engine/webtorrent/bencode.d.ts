declare module 'bencode' {
  /** Reads a value; what it is at is in its own members. */
  export interface Decode {
    (bytes: Uint8Array): unknown;
    data: Uint8Array | null;
    position: number;
    buffer: () => unknown;
  }

  const bencode: { decode: Decode };
  export { bencode as default };
}
