// Playables that are still being built: sessions may be made at once, their items open when the parts are up.
import { untilAborted } from '../base/until-aborted.ts';
import type { PlayableSource } from '../sources/port/playable-source.ts';
import type { Playable, Playables, TransferFacts } from './playable.ts';

export class DeferredPlayables implements Playables {
  readonly #ready: Promise<Playables>;
  #playables: Playables | undefined;

  constructor(ready: Promise<Playables>) {
    this.#ready = ready;
    ready.then(
      (playables) => (this.#playables = playables),
      () => undefined,
    );
  }

  async open(source: PlayableSource, signal: AbortSignal): Promise<Playable> {
    const playables = await untilAborted(this.#ready, signal);
    return playables.open(source, signal);
  }

  transfer(source: PlayableSource): TransferFacts | undefined {
    return this.#playables?.transfer?.(source);
  }

  async discard(source: PlayableSource, others: readonly PlayableSource[]): Promise<void> {
    await this.#playables?.discard?.(source, others);
  }
}
