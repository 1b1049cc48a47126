// An opener that is still being built: sessions can be created at once, and their items open when the opener is ready.
import { untilAborted } from '../base/until-aborted.ts';
import type { SourceRequest } from '../sources/port/source-request.ts';
import type { ItemHandle, ItemOpener, TransferInfo } from './media-item.ts';

export class DeferredOpener implements ItemOpener {
  readonly #ready: Promise<ItemOpener>;
  #opener: ItemOpener | undefined;

  constructor(ready: Promise<ItemOpener>) {
    this.#ready = ready;
    ready.then(
      (opener) => (this.#opener = opener),
      () => undefined,
    );
  }

  async open(source: SourceRequest, signal: AbortSignal): Promise<ItemHandle> {
    const opener = await untilAborted(this.#ready, signal);
    return opener.open(source, signal);
  }

  transfer(source: SourceRequest): TransferInfo | undefined {
    return this.#opener?.transfer?.(source);
  }

  async discard(source: SourceRequest, others: readonly SourceRequest[]): Promise<void> {
    await this.#opener?.discard?.(source, others);
  }
}
