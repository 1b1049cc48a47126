// Which bytes of a remote source lie in the server's memory. Reading those takes no time, so it is not worth handing the work to another
// thread and back for every packet, which takes longer than the reading.

/** How far the bytes of a published source are near, from `start` on; `start` when they are not, infinity to the end of the source. */
export type AskNear = (url: string, start: number) => Promise<number>;

/** A packet is taken to be no longer than this, or than twice the longest so far. */
const LONGEST_PACKET = 512 * 1024;

/** What lies between two packets that are read in order: those of other tracks. */
const LONGEST_GAP = 256 * 1024;

/** Who looks at a few packets only does not ask. */
const LOOK_PACKETS = 4;

/** Where they are not near, the download is slower than we are, and a while passes before the next question. */
const PAUSE_MS = 10;

/**
 * What one demuxer knows of it. It guesses that the next packet follows the last one. Where it does not, or where bytes were dropped
 * meanwhile, reading at once only takes longer.
 */
export class NearBytes {
  readonly #ask: (start: number) => Promise<number>;
  /** Where the next packet begins, or a little later; undefined where nobody knows. */
  #at: number | undefined;
  /** What is known to be near. */
  #start = 0;
  #end = 0;
  #longest = LONGEST_PACKET;
  /** Read in order. */
  #packets = 0;
  #askAgainMs = 0;
  /** A question on its way, and the place it is about. */
  #asked: { start: number; end: Promise<number> } | undefined;

  constructor(ask: (start: number) => Promise<number>) {
    this.#ask = ask;
  }

  /** Whether the demuxer can read its next packet at once. */
  async holdsNext(): Promise<boolean> {
    const at = this.#at;
    if (at === undefined || this.#packets < LOOK_PACKETS) return false;
    // In time, so that the answer is here when it is needed.
    if (this.#end - at < 2 * this.#longest) this.#askFrom(at);
    if (this.#holds(at)) return true;
    while (this.#asked !== undefined) {
      const { start, end } = this.#asked;
      this.#start = start;
      this.#end = await end;
      this.#asked = undefined;
      if (this.#holds(at)) return true;
      if (start === at) this.#askAgainMs = performance.now() + PAUSE_MS;
      this.#askFrom(at);
    }
    return false;
  }

  /** A packet was read from byte `start` on; negative where the container does not say. */
  tookPacket(start: number, sizeBytes: number): void {
    const gap = start - (this.#at ?? start);
    const isInOrder = start >= 0 && gap >= 0 && gap <= LONGEST_GAP;
    this.#at = isInOrder ? start + sizeBytes : undefined;
    this.#packets = isInOrder ? this.#packets + 1 : 0;
    this.#longest = Math.max(this.#longest, 2 * sizeBytes);
  }

  /** The demuxer goes elsewhere. */
  moved(): void {
    this.#at = undefined;
    this.#packets = 0;
  }

  #askFrom(start: number): void {
    if (this.#asked !== undefined || performance.now() < this.#askAgainMs) return;
    this.#asked = { start, end: this.#ask(start) };
  }

  #holds(at: number): boolean {
    return at >= this.#start && this.#end - at >= this.#longest;
  }
}
