declare module 'bencode' {
  /** Decodes a value; the members of the function hold the state of the decoder. */
  export interface Decode {
    (bytes: Uint8Array): unknown;
    data: Uint8Array | null;
    position: number;
    buffer: () => unknown;
  }

  const bencode: { decode: Decode };
  export { bencode as default };
}
