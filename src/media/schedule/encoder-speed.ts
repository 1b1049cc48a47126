// How fast each rendition is encoded on this machine, as measured: what decides between waiting for an encoder and starting another.
import { LRUCache } from 'lru-cache';

interface Measured {
  /** Wall-clock milliseconds per second of media, the start not counted. Undefined until measured. */
  paceMs: number | undefined;
  /** What the first segment of an encoder takes more than the following ones. */
  startMs: number | undefined;
}

const DEFAULT_PACE_MS = 500;
const DEFAULT_START_MS = 1500;
const NEWEST_WEIGHT = 0.3;

export class EncoderSpeed {
  readonly #measured = new LRUCache<string, Measured>({ max: 1000 });

  /** Expected time to encode `seconds` of the rendition in a running encoder. */
  runMs(key: string, seconds: number): number {
    return seconds * (this.#measured.get(key)?.paceMs ?? DEFAULT_PACE_MS);
  }

  /** Expected cost of a fresh start. */
  startMs(key: string): number {
    return this.#measured.get(key)?.startMs ?? DEFAULT_START_MS;
  }

  /** Learns from a segment of `seconds` that took `wallMs`; `isFirst`: the first of its encoder. */
  learn(key: string, { seconds, wallMs, isFirst }: { seconds: number; wallMs: number; isFirst: boolean }): void {
    if (!(seconds > 0)) return;
    const { paceMs, startMs } = this.#measured.get(key) ?? { paceMs: undefined, startMs: undefined };
    if (isFirst) {
      const extraMs = Math.max(0, wallMs - seconds * (paceMs ?? DEFAULT_PACE_MS));
      this.#measured.set(key, { paceMs, startMs: mixed(startMs, extraMs) });
    } else {
      this.#measured.set(key, { paceMs: mixed(paceMs, wallMs / seconds), startMs });
    }
  }
}

function mixed(average: number | undefined, newest: number): number {
  return average === undefined ? newest : average + NEWEST_WEIGHT * (newest - average);
}
