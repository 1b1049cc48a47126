// Which bytes of a remote source lie in the server's memory. Reading those takes no time, so it is not worth handing the work to another
// thread and back for every packet, which takes longer than the reading.

/** How far the bytes of a published source are near, from `start` on; `start` when they are not, infinity to the end of the source. */
export type AskNear = (url: string, start: number) => Promise<number>;

/** From one packet to the end of the next it is taken to be no further than this, or than twice the longest way so far. */
const LONGEST_WAY = 512 * 1024;

/** What lies between two packets that are read in order: those of other tracks. */
const LONGEST_GAP = 256 * 1024;

/** Who looks at a few packets only does not ask; and the first one is a keyframe, the longest of all. */
const LOOK_PACKETS = 4;

/** Where they are not near, the download is slower than we are, and a while passes before the next question. */
const PAUSE_MS = 10;

/**
 * What one demuxer knows of it. While it reads at once nothing else is done in its process, so it does so only where the next packet is
 * here for certain, or nearly: a film whose packets grow more than twofold just where a download stalls makes it wait, and at last be
 * killed and replaced by one that does not read at once.
 */
export class NearBytes {
  readonly #ask: (start: number) => Promise<number>;
  /** Pictures come one after the other. Between two packets of sound may lie a picture of any size. */
  #isDense = false;
  /** Where the next packet begins, or a little later; undefined where nobody knows. */
  #at: number | undefined;
  /** Packets read in order. */
  #packets = 0;
  /** What is known to be near: `[start, end)`. */
  #start = 0;
  #end = 0;
  #longestWay = LONGEST_WAY;
  #askAgainMs = 0;
  /** A question on its way, and the place it is about. */
  #asked: { start: number; end: Promise<number> } | undefined;

  constructor(ask: (start: number) => Promise<number>) {
    this.#ask = ask;
  }

  /** Whether the demuxer can read its next packet at once. */
  async holdsNext(): Promise<boolean> {
    const at = this.#at;
    if (!this.#isDense || at === undefined || this.#packets < LOOK_PACKETS) return false;
    // In time, so that the answer is here when it is needed.
    if (this.#end - at < 2 * this.#longestWay) this.#askFrom(at);
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
    this.#longestWay = Math.max(this.#longestWay, 2 * (Math.max(gap, 0) + sizeBytes));
  }

  /** The demuxer goes elsewhere, or reads other tracks: what was near before may have been dropped since. */
  moved({ isDense = this.#isDense }: { isDense?: boolean } = {}): void {
    this.#isDense = isDense;
    this.#at = undefined;
    this.#packets = 0;
    this.#start = 0;
    this.#end = 0;
    this.#asked = undefined;
  }

  #askFrom(start: number): void {
    if (this.#asked !== undefined || performance.now() < this.#askAgainMs) return;
    this.#asked = { start, end: this.#ask(start) };
  }

  #holds(at: number): boolean {
    return at >= this.#start && this.#end - at >= this.#longestWay;
  }
}
