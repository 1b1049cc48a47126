// Which bytes of a remote source are buffered in the server. Such bytes are read at once, so they are read synchronously: a hand-over to
// another thread and back for every packet takes longer than the read.

/** Resolves with the end of the buffered bytes from `start` on: `start` when that byte is not buffered, infinity for the end of the source. */
export type QueryBuffered = (url: string, start: number) => Promise<number>;

/** The bytes expected from the end of a packet to the end of the next one: this many, or twice the most so far. */
const MIN_NEXT_BYTES = 512 * 1024;

/** Packets of other tracks fill at most this many bytes between two packets that are read in order. */
const MAX_GAP_BYTES = 256 * 1024;

/** Packets read in order before the first query: short reads cost no query, and the first packet is a keyframe, the largest of all. */
const MIN_PACKETS = 4;

/** After an answer that the bytes are not buffered, the download is slower than the worker: the next query waits this long. */
const RETRY_MS = 10;

/**
 * The buffered bytes that one demuxer knows of. A synchronous read blocks its process, so the demuxer reads synchronously only when the next
 * packet is almost certainly buffered. The exception: packets grow more than twofold just where a download stalls. Then the worker blocks, and
 * is killed and replaced by one that does not read synchronously.
 */
export class BufferedRange {
  readonly #send: (start: number) => Promise<number>;
  /** Video packets follow each other closely. Between two audio packets may lie a video packet of any size. */
  #isDense = false;
  /** The byte where the next packet begins, or a little before it; undefined when unknown. */
  #at: number | undefined;
  /** Packets read in order. */
  #packets = 0;
  /** The bytes known to be buffered: `[start, end)`. */
  #start = 0;
  #end = 0;
  #nextBytes = MIN_NEXT_BYTES;
  #retryAtMs = 0;
  /** The pending query, and the byte that it asks about. */
  #query: { start: number; end: Promise<number> } | undefined;

  constructor(send: (start: number) => Promise<number>) {
    this.#send = send;
  }

  /** Whether the next packet is buffered, so that the demuxer can read it synchronously. */
  async holdsNext(): Promise<boolean> {
    const at = this.#at;
    if (!this.#isDense || at === undefined || this.#packets < MIN_PACKETS) return false;
    // Queried early, so that the answer has arrived when it is needed.
    if (this.#end - at < 2 * this.#nextBytes) this.#queryFrom(at);
    if (this.#holds(at)) return true;
    while (this.#query !== undefined) {
      const { start, end } = this.#query;
      this.#start = start;
      this.#end = await end;
      this.#query = undefined;
      if (this.#holds(at)) return true;
      if (start === at) this.#retryAtMs = performance.now() + RETRY_MS;
      this.#queryFrom(at);
    }
    return false;
  }

  /** Notes a packet that was read from byte `start` on; negative where the demuxer does not tell. */
  tookPacket(start: number, sizeBytes: number): void {
    const gap = start - (this.#at ?? start);
    const isInOrder = start >= 0 && gap >= 0 && gap <= MAX_GAP_BYTES;
    this.#at = isInOrder ? start + sizeBytes : undefined;
    this.#packets = isInOrder ? this.#packets + 1 : 0;
    this.#nextBytes = Math.max(this.#nextBytes, 2 * (Math.max(gap, 0) + sizeBytes));
  }

  /** Notes that the demuxer seeks or reads other tracks: bytes that were buffered before may have been dropped since. */
  moved({ isDense = this.#isDense }: { isDense?: boolean } = {}): void {
    this.#isDense = isDense;
    this.#at = undefined;
    this.#packets = 0;
    this.#start = 0;
    this.#end = 0;
    this.#query = undefined;
  }

  #queryFrom(start: number): void {
    if (this.#query !== undefined || performance.now() < this.#retryAtMs) return;
    this.#query = { start, end: this.#send(start) };
  }

  #holds(at: number): boolean {
    return at >= this.#start && this.#end - at >= this.#nextBytes;
  }
}
