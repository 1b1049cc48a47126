// The measured encoding speed of each rendition on this machine. It decides between waiting for a running encoder and starting another.
import { LRUCache } from 'lru-cache';

interface Measured {
  /** Wall-clock milliseconds per second of media, without the start. Undefined until measured. */
  paceMs: number | undefined;
  /** Extra milliseconds of an encoder's first segment over the following ones. */
  startMs: number | undefined;
}

const DEFAULT_PACE_MS = 500;
const DEFAULT_START_MS = 1500;
const NEWEST_WEIGHT = 0.3;

export class EncoderSpeed {
  readonly #measured = new LRUCache<string, Measured>({ max: 1000 });

  /** Expected milliseconds to encode `seconds` of the rendition in a running encoder. */
  runMs(key: string, seconds: number): number {
    return seconds * (this.#measured.get(key)?.paceMs ?? DEFAULT_PACE_MS);
  }

  /** Expected extra milliseconds of a fresh start. */
  startMs(key: string): number {
    return this.#measured.get(key)?.startMs ?? DEFAULT_START_MS;
  }

  /** Adds the measurement of a segment of `seconds` that took `wallMs`; `isFirst`: the first of its encoder. */
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
