// The list of community add-ons, merged from the catalogues and cached. A stale list is served when a refresh is slow or fails.
import { setTimeout as delay } from 'node:timers/promises';
import { MIB } from '../base/units.ts';

import { AppError } from '../base/app-error.ts';
import type { Logger } from '../base/logger.ts';
import { redactedAddress } from '../base/logger.ts';
import { SingleFlight } from '../base/single-flight.ts';
import { untilAborted } from '../base/until-aborted.ts';
import { Catalogue } from './catalogue.ts';
import { mergedAddons } from './community-addon.ts';

export interface CommunityAddonsOptions {
  /** Addresses of the catalogues. The first catalogue that lists an add-on gives its entry. */
  catalogues: string[];
  log: Logger;
  /** Monotonic clock, milliseconds. */
  now(): number;
  /** Per catalogue. */
  timeoutMs?: number;
}

export const FRESH_SECONDS = 30 * 60;
/** Time until the next refresh after a refresh in which a catalogue failed. */
const RETRY_MS = 60_000;
/** How long a request waits for a refresh before the stale list is served. */
const GRACE_MS = 1_000;
const TIMEOUT_MS = 10_000;
const SIZE_BYTES = 16 * MIB;

export class CommunityAddons implements Disposable {
  readonly #options: CommunityAddonsOptions;
  readonly #catalogues: Catalogue[];
  readonly #flight = new SingleFlight<void>();
  readonly #end = new AbortController();
  /** As JSON text: the list is large, and is requested more often than it changes. */
  #list: string | undefined;
  #refreshAtMs = -Infinity;

  constructor(options: CommunityAddonsOptions) {
    this.#options = options;
    const limits = { timeoutMs: options.timeoutMs ?? TIMEOUT_MS, sizeBytes: SIZE_BYTES };
    this.#catalogues = options.catalogues.map((url) => new Catalogue(url, limits));
  }

  /**
   * The list as a JSON array: see {@link mergedAddons}.
   * @throws AppError SOURCE_FAILED when no catalogue ever answered
   */
  async json(signal: AbortSignal): Promise<string> {
    if (this.#options.now() >= this.#refreshAtMs) await this.#refreshed(signal);
    if (this.#list === undefined) {
      throw new AppError('SOURCE_FAILED', 'The catalogues of community add-ons cannot be reached right now');
    }
    return this.#list;
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }

  async #refreshed(signal: AbortSignal): Promise<void> {
    const refresh = this.#flight.run('', () => this.#refresh());
    if (this.#list === undefined) return untilAborted(refresh, signal);
    const patience = new AbortController();
    const grace = delay(GRACE_MS, undefined, { signal: patience.signal }).catch(() => undefined);
    await untilAborted(Promise.race([refresh, grace]), signal).finally(() => patience.abort());
  }

  async #refresh(): Promise<void> {
    const outcomes = await Promise.all(this.#catalogues.map((catalogue) => this.#fetched(catalogue)));
    const isWhole = outcomes.every(Boolean);
    this.#refreshAtMs = this.#options.now() + (isWhole ? FRESH_SECONDS * 1000 : RETRY_MS);
    const known = this.#catalogues.flatMap(({ entries }) => (entries === undefined ? [] : [entries]));
    if (known.length > 0) this.#list = JSON.stringify(mergedAddons(known));
    // Without any list, the next request tries again at once.
    else this.#refreshAtMs = -Infinity;
  }

  async #fetched(catalogue: Catalogue): Promise<boolean> {
    try {
      await catalogue.refresh(this.#end.signal);
      return true;
    } catch (err) {
      if (!this.#end.signal.aborted) {
        this.#options.log.warn({ err, catalogue: redactedAddress(catalogue.url) }, 'add-on catalogue failed');
      }
      return false;
    }
  }
}
