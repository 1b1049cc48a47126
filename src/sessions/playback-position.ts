// The position of a viewer: the start, then the last seek, then, after a change of track, the estimated playhead.

/** Maximum of media that a player buffers ahead (50 s) plus one segment (6 s): the playhead is never further behind the last request. */
const READ_AHEAD_SECONDS = 56;
const REMEMBERED_SEEKS = 64;

export interface SeekAnswer {
  seconds: number;
  /** False: a seek with the same id was answered before. */
  isNew: boolean;
}

export class PlaybackPosition {
  readonly #now: () => number;
  #seconds: number;
  #sinceMs: number;
  #lastSegmentEndSeconds: number | undefined;
  /** Answers by seek id: a repeated request must get the same answer. */
  readonly #answers = new Map<string, number>();

  /** @param now monotonic clock, milliseconds */
  constructor(startSeconds: number, now: () => number) {
    this.#now = now;
    this.#seconds = startSeconds;
    this.#sinceMs = now();
  }

  /** Start of a playlist without an explicit seek. */
  get seconds(): number {
    return this.#seconds;
  }

  /** A seek to `seconds`. A seek with a known id gets the earlier answer and does not change the position. */
  seek(seconds: number, id: string | undefined): SeekAnswer {
    const answered = id === undefined ? undefined : this.#answers.get(id);
    if (answered !== undefined) return { seconds: answered, isNew: false };
    if (id !== undefined) this.#remember(id, seconds);
    this.#moveTo(seconds);
    return { seconds, isNew: true };
  }

  /** A segment that ends at `endSeconds` was requested. */
  segmentRequested(endSeconds: number): void {
    this.#lastSegmentEndSeconds = endSeconds;
  }

  /** The viewer changed the track without stating a position: the position becomes the estimated playhead. */
  changeTrack(): number {
    this.#moveTo(this.#estimate());
    return this.#seconds;
  }

  #estimate(): number {
    const end = this.#lastSegmentEndSeconds;
    if (end === undefined) return this.#seconds;
    const elapsed = this.#seconds + (this.#now() - this.#sinceMs) / 1000;
    return Math.max(0, Math.min(Math.max(elapsed, end - READ_AHEAD_SECONDS), end));
  }

  #moveTo(seconds: number): void {
    this.#seconds = seconds;
    this.#sinceMs = this.#now();
    this.#lastSegmentEndSeconds = undefined;
  }

  #remember(id: string, seconds: number): void {
    this.#answers.set(id, seconds);
    if (this.#answers.size <= REMEMBERED_SEEKS) return;
    const oldest = this.#answers.keys().next();
    if (oldest.done !== true) this.#answers.delete(oldest.value);
  }
}
