// Measures how fast a peer answers, and decides how many requests it gets at a time: enough to keep it sending, not more, because a sent request
// cannot be taken back.
import { BLOCK_BYTES } from '../protocol/piece-layout.ts';

const SAMPLE_MS = 150;
/** A longer queue would only delay the blocks that a seek needs. */
const PIPE_SECONDS = 0.15;
const MOST_REQUESTS = 250;
const FIRST_BYTES = 16 * BLOCK_BYTES;
/** Requests for a peer that has sent nothing yet, while another peer has. */
const UNPROVEN_REQUESTS = 4;
const SNUB_MS = 30_000;
const LATE_LIMIT = 3;
const ROUND_TRIP_FORGET_MS = 10_000;

export class PeerMeter {
  readonly #blockBytes: number;
  #inFlight = 0;
  #rate: number | undefined;
  #roundTripMs = 0;
  #roundTripAtMs = -Infinity;
  #sampleBytes = 0;
  #sampleStartMs = 0;
  #late = 0;
  #snubbedUntilMs = -Infinity;
  /** Payload that the peer sent. */
  receivedBytes = 0;

  /** `blockBytes`: mean length of a request. */
  constructor(blockBytes = BLOCK_BYTES) {
    this.#blockBytes = blockBytes;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether the peer ever sent a block. */
  get isProven(): boolean {
    return this.receivedBytes > 0;
  }

  /** Bytes per second while the peer has requests; undefined before the first sample. */
  get rate(): number | undefined {
    return this.#rate;
  }

  asked(nowMs: number): void {
    if (this.#inFlight === 0) {
      this.#sampleStartMs = nowMs;
      this.#sampleBytes = 0;
    }
    this.#inFlight += 1;
  }

  /** A request that ended without a block. */
  gaveUp(): void {
    this.#inFlight -= 1;
  }

  answered(bytes: number, askedAtMs: number, nowMs: number): void {
    this.#inFlight -= 1;
    this.receivedBytes += bytes;
    this.#sampleBytes += bytes;
    this.#late = 0;
    this.#snubbedUntilMs = -Infinity;
    const roundTripMs = nowMs - askedAtMs;
    if (roundTripMs < this.#roundTripMs || nowMs - this.#roundTripAtMs > ROUND_TRIP_FORGET_MS) {
      this.#roundTripMs = roundTripMs;
      this.#roundTripAtMs = nowMs;
    }
    const elapsedMs = nowMs - this.#sampleStartMs;
    if (elapsedMs < SAMPLE_MS) return;
    const sample = (this.#sampleBytes / elapsedMs) * 1000;
    this.#rate = this.#rate === undefined ? sample : this.#rate * 0.6 + sample * 0.4;
    this.#sampleStartMs = nowMs;
    this.#sampleBytes = 0;
  }

  /** A block that a reader waited for did not arrive in time. */
  wasLate(nowMs: number): void {
    this.#late += 1;
    if (this.#late >= LATE_LIMIT) this.#snubbedUntilMs = nowMs + SNUB_MS;
  }

  isSnubbed(nowMs: number): boolean {
    return nowMs < this.#snubbedUntilMs;
  }

  /** How many requests the peer should have; `isAlone`: no other peer has sent a block. */
  depth(requestLimit: number, isAlone: boolean): number {
    if (!this.isProven && !isAlone) return Math.min(UNPROVEN_REQUESTS, requestLimit);
    const rate = this.#rate;
    const first = Math.min(FIRST_BYTES / this.#blockBytes, MOST_REQUESTS);
    if (rate === undefined) return Math.min(Math.ceil(first), requestLimit);
    const pipe = (rate * ((1.5 * this.#roundTripMs) / 1000 + PIPE_SECONDS)) / this.#blockBytes;
    // A slow peer gets the requests of one second, a fast peer at least as many as a new one.
    const least = Math.min(first, rate / this.#blockBytes);
    return Math.min(Math.max(2, Math.ceil(Math.max(pipe, least))), MOST_REQUESTS, requestLimit);
  }

  /** When the block of one more request would arrive, in milliseconds from now. */
  expectedMs(): number {
    if (this.#rate === undefined) return this.isProven ? 200 : 500;
    return this.#roundTripMs + ((this.#inFlight + 1) * this.#blockBytes * 1000) / Math.max(this.#rate, 1);
  }
}
