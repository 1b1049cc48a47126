// One catalogue of community add-ons: fetched by HTTP within limits, and kept when a later fetch fails.
import type { Response } from 'undici';

import { AppError } from '../base/app-error.ts';
import { entriesOf } from './community-addon.ts';

export interface CatalogueLimits {
  /** From the request to the last byte. */
  timeoutMs: number;
  sizeBytes: number;
}

export class Catalogue {
  readonly url: string;
  readonly #limits: CatalogueLimits;
  /** Entries of the last fetch that succeeded. */
  entries: unknown[] | undefined;

  constructor(url: string, limits: CatalogueLimits) {
    this.url = url;
    this.#limits = limits;
  }

  /**
   * Fetches the entries again; a failure keeps the previous entries.
   * @throws AppError SOURCE_FAILED; the reason of the signal
   */
  async refresh(signal: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.timeoutMs)]);
    const { Agent, fetch } = await import('../base/undici.ts');
    const agent = new Agent();
    try {
      const reply = await fetch(this.url, {
        dispatcher: agent,
        headers: { accept: 'application/json' },
        signal: ended,
      });
      this.entries = await this.#read(reply);
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof AppError) throw cause;
      const sentence = ended.aborted ? 'The add-on catalogue is too slow' : 'The add-on catalogue cannot be reached';
      throw new AppError('SOURCE_FAILED', sentence, { cause });
    } finally {
      await agent.destroy();
    }
  }

  async #read(reply: Response): Promise<unknown[]> {
    if (!reply.ok) {
      await reply.body?.cancel();
      throw new AppError('SOURCE_FAILED', `The add-on catalogue answers ${reply.status}`);
    }
    const entries = entriesOf(parsed(await limitedText(reply, this.#limits.sizeBytes)));
    if (entries === undefined) throw new AppError('SOURCE_FAILED', 'The add-on catalogue is not a list of add-ons');
    return entries;
  }
}

async function limitedText(reply: Response, sizeBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of reply.body ?? []) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a body is made of bytes');
    size += chunk.byteLength;
    if (size > sizeBytes) throw new AppError('SOURCE_FAILED', 'The add-on catalogue is too large');
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('SOURCE_FAILED', 'The add-on catalogue is not JSON', { cause });
  }
}
