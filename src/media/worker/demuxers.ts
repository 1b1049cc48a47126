// Open sources, kept for the next job: opening costs a few milliseconds, the packet parsers of MPEG-TS and AVI much more.
import { AppError, isAbort } from '../../base/app-error.ts';
import type { MediaInput } from '../../sources/source.ts';
import { Demuxer } from './libav/demuxer.ts';

const MAX_IDLE = 4;

export class Demuxers implements AsyncDisposable {
  readonly #idle = new Map<string, Demuxer[]>();
  #idleCount = 0;

  /**
   * Runs `work` with a demuxer nobody else uses, wherever the last work left it. What fails with a connection that was kept
   * is tried once more with a new one.
   */
  async use<T>(input: MediaInput, work: (demuxer: Demuxer) => Promise<T>): Promise<T> {
    const kept = this.#takeIdle(keyOf(input));
    if (!kept) return this.useFresh(input, work);
    try {
      return await this.#run(input, kept, work);
    } catch (error) {
      if (input.kind === 'file' || isAbort(error)) throw error;
      return this.useFresh(input, work);
    }
  }

  /** Runs `work` with a demuxer that stands at the beginning of the source. */
  async useFresh<T>(input: MediaInput, work: (demuxer: Demuxer) => Promise<T>): Promise<T> {
    return this.#run(input, await openProbed(input), work);
  }

  /** A demuxer whose work failed is closed, not kept. */
  async #run<T>(input: MediaInput, demuxer: Demuxer, work: (demuxer: Demuxer) => Promise<T>): Promise<T> {
    try {
      const result = await work(demuxer);
      await this.#keep(keyOf(input), demuxer);
      return result;
    } catch (error) {
      await demuxer[Symbol.asyncDispose]();
      throw error;
    }
  }

  #takeIdle(key: string): Demuxer | undefined {
    const demuxer = this.#idle.get(key)?.pop();
    if (demuxer) this.#idleCount -= 1;
    return demuxer;
  }

  async #keep(key: string, demuxer: Demuxer): Promise<void> {
    const waiting = this.#idle.get(key) ?? [];
    this.#idle.delete(key);
    this.#idle.set(key, [...waiting, demuxer]);
    this.#idleCount += 1;
    if (this.#idleCount <= MAX_IDLE) return;
    for (const [oldKey, demuxers] of this.#idle) {
      const oldest = demuxers.shift();
      if (!demuxers.length) this.#idle.delete(oldKey);
      if (!oldest) continue;
      this.#idleCount -= 1;
      await oldest[Symbol.asyncDispose]();
      return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const demuxers of this.#idle.values()) {
      for (const demuxer of demuxers) await demuxer[Symbol.asyncDispose]();
    }
    this.#idle.clear();
  }
}

function keyOf(input: MediaInput): string {
  return input.kind === 'file' ? input.path : input.url;
}

/** Opens a source and makes its streams complete, reading packets only where the header is not enough. */
export async function openProbed(input: MediaInput): Promise<Demuxer> {
  const demuxer = await Demuxer.open(input);
  try {
    if (!demuxer.isIndexed || demuxer.streams.some((stream) => isIncomplete(demuxer, stream.index))) {
      await demuxer.probe();
    }
    if (!demuxer.streams.length) throw new AppError('NOT_MEDIA', 'The source holds no picture and no sound.');
    return demuxer;
  } catch (error) {
    await demuxer[Symbol.asyncDispose]();
    throw error;
  }
}

function isIncomplete(demuxer: Demuxer, index: number): boolean {
  const stream = demuxer.stream(index);
  const kind = demuxer.kindOf(stream);
  if (kind === 'video') return stream.codecpar.width === 0;
  return kind === 'audio' && (stream.codecpar.sampleRate === 0 || stream.codecpar.channels === 0);
}
