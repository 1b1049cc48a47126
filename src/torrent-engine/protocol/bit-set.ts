// A set of a fixed number of bits, in the order of BitTorrent's bitfield (BEP 3): the first bit is the highest of the first byte.

export class BitSet {
  readonly size: number;
  readonly bytes: Uint8Array;
  #count = 0;

  /** `bytes` are copied; bits beyond `size` are ignored, missing ones are clear. */
  constructor(size: number, bytes?: Uint8Array) {
    this.size = size;
    this.bytes = new Uint8Array(Math.ceil(size / 8));
    if (!bytes) return;
    this.bytes.set(bytes.subarray(0, this.bytes.length));
    const spare = this.bytes.length * 8 - size;
    const last = this.bytes.length - 1;
    if (spare > 0) this.bytes[last] = (this.bytes[last] ?? 0) & (0xff << spare);
    this.#count = this.countIn(0, size);
  }

  /** Number of set bits. */
  get count(): number {
    return this.#count;
  }

  has(index: number): boolean {
    return ((this.bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
  }

  /** Returns whether the bit was clear. */
  add(index: number): boolean {
    if (index >= this.size || this.has(index)) return false;
    this.bytes[index >> 3] = (this.bytes[index >> 3] ?? 0) | (0x80 >> (index & 7));
    this.#count += 1;
    return true;
  }

  /** Returns whether the bit was set. */
  delete(index: number): boolean {
    if (!this.has(index)) return false;
    this.bytes[index >> 3] = (this.bytes[index >> 3] ?? 0) & ~(0x80 >> (index & 7));
    this.#count -= 1;
    return true;
  }

  addRange(start: number, end: number): void {
    for (let at = this.nextClear(start, end); at < end; at = this.nextClear(at + 1, end)) this.add(at);
  }

  deleteRange(start: number, end: number): void {
    for (let at = this.nextSet(start, end); at < end; at = this.nextSet(at + 1, end)) this.delete(at);
  }

  /** The first clear bit in `[start, end)`, else `end`. */
  nextClear(start: number, end: number): number {
    for (let at = start; at < end; at += 1) {
      if ((at & 7) === 0) {
        while (at + 8 <= end && this.bytes[at >> 3] === 0xff) at += 8;
        if (at >= end) return end;
      }
      if (!this.has(at)) return at;
    }
    return end;
  }

  /** The first set bit in `[start, end)`, else `end`. */
  nextSet(start: number, end: number): number {
    for (let at = start; at < end; at += 1) {
      if ((at & 7) === 0) {
        while (at + 8 <= end && this.bytes[at >> 3] === 0) at += 8;
        if (at >= end) return end;
      }
      if (this.has(at)) return at;
    }
    return end;
  }

  /** The set bits of `[start, end)`, ascending. */
  *members(start = 0, end = this.size): Generator<number> {
    for (let at = this.nextSet(start, end); at < end; at = this.nextSet(at + 1, end)) yield at;
  }

  /** Runs of set bits in `[from, to)`, each as `[start, end)`. */
  *runs(from = 0, to = this.size): Generator<{ start: number; end: number }> {
    for (let start = this.nextSet(from, to); start < to;) {
      const end = this.nextClear(start, to);
      yield { start, end };
      start = this.nextSet(end, to);
    }
  }

  /** Number of set bits in `[start, end)`; counts whole bytes at a time, since a torrent may have a million blocks. */
  countIn(start: number, end: number): number {
    const limit = Math.min(end, this.size);
    let count = 0;
    let at = start;
    for (; at < limit && (at & 7) !== 0; at += 1) if (this.has(at)) count += 1;
    for (; at + 8 <= limit; at += 8) count += ONES[this.bytes[at >> 3] ?? 0] ?? 0;
    for (; at < limit; at += 1) if (this.has(at)) count += 1;
    return count;
  }
}

/** Number of set bits of each byte value. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);
