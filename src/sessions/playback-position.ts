// Where a viewer is: the start, then the last seek, then, after a change of track, the estimated playhead.

/** Seconds of media a player keeps ahead at most (50) plus one segment (6): the playhead is never further behind the last request. */
const READ_AHEAD_SECONDS = 56;
const REMEMBERED_SEEKS = 64;

export interface SeekAnswer {
  seconds: number;
  /** False: the same seek was answered before. */
  isNew: boolean;
}

export class PlaybackPosition {
  readonly #now: () => number;
  #seconds: number;
  #sinceMs: number;
  #lastSegmentEndSeconds: number | undefined;
  /** Answers by seek id: a player that repeats a request must get what it got before. */
  readonly #answers = new Map<string, number>();

  /** @param now monotonic clock, milliseconds */
  constructor(startSeconds: number, now: () => number) {
    this.#now = now;
    this.#seconds = startSeconds;
    this.#sinceMs = now();
  }

  /** Where a playlist without an explicit seek begins. */
  get seconds(): number {
    return this.#seconds;
  }

  /** A seek to `seconds`; one with an id that was seen before is answered as then and moves nothing. */
  seek(seconds: number, id: string | undefined): SeekAnswer {
    const answered = id === undefined ? undefined : this.#answers.get(id);
    if (answered !== undefined) return { seconds: answered, isNew: false };
    if (id !== undefined) this.#remember(id, seconds);
    this.#moveTo(seconds);
    return { seconds, isNew: true };
  }

  /** A segment that ends at `endSeconds` was asked for. */
  segmentRequested(endSeconds: number): void {
    this.#lastSegmentEndSeconds = endSeconds;
  }

  /** The viewer changed the track and says nothing about where they are: the position becomes the estimated playhead. */
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
