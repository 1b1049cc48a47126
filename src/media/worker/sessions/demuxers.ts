// Open sources, kept for the next job: opening costs a few milliseconds, the packet parsers of MPEG-TS and AVI much more.
import { AppError } from '../../../base/app-error.ts';
import { interrupting } from '../libav/demux/interrupting.ts';
import { Demuxer, type Stream } from '../libav/demux/demuxer.ts';
import { type QueryBuffered, BufferedRange } from '../libav/demux/buffered-range.ts';
import { assertSameFile, inputKey, readingOneFile } from '../libav/demux/same-file.ts';
import type { WorkerInput } from '../protocol/protocol.ts';

const MAX_IDLE = 4;
/** An open file keeps its place on the disk after it was deleted. */
const IDLE_MS = 60_000;

interface IdleDemuxer {
  key: string;
  demuxer: Demuxer;
  expiry: NodeJS.Timeout;
}

export interface DemuxersOptions {
  idleMs?: number;
  /** Asks the server which bytes are buffered; without it, no remote byte counts as buffered. */
  queryBuffered?: QueryBuffered;
}

export class Demuxers implements AsyncDisposable {
  /** Longest unused first. */
  #idle: IdleDemuxer[] = [];
  readonly #idleMs: number;
  readonly #queryBuffered: QueryBuffered | undefined;

  constructor({ idleMs = IDLE_MS, queryBuffered }: DemuxersOptions = {}) {
    this.#idleMs = idleMs;
    this.#queryBuffered = queryBuffered;
  }

  /**
   * Runs `work` with a demuxer nobody else uses, wherever the last work left it. What fails with a connection that was kept
   * is tried once more with a new one. After an abort, what waits for a remote source ends at once.
   * @throws AppError SOURCE_CHANGED when the file was another one before or after the work; the signal's reason
   */
  async use<T>(input: WorkerInput, work: (demuxer: Demuxer) => Promise<T>, signal: AbortSignal): Promise<T> {
    const kept = this.#takeIdle(inputKey(input));
    if (!kept) return this.useFresh(input, work, signal);
    try {
      return await this.#run({ input, demuxer: kept }, work, signal);
    } catch (error) {
      if (input.kind === 'file' || signal.aborted) throw error;
      return this.useFresh(input, work, signal);
    }
  }

  /** Runs `work` with a demuxer that stands at the beginning of the source. */
  async useFresh<T>(input: WorkerInput, work: (demuxer: Demuxer) => Promise<T>, signal: AbortSignal): Promise<T> {
    const demuxer = await openProbed(input, signal, this.#bufferedRangeOf(input));
    return this.#run({ input, demuxer }, work, signal);
  }

  #bufferedRangeOf(input: WorkerInput): BufferedRange | undefined {
    const query = this.#queryBuffered;
    if (!query || input.kind !== 'endpoint' || !input.reportsBuffered) return undefined;
    return new BufferedRange((start) => query(input.url, start));
  }

  /** A demuxer whose work failed is closed, not kept. */
  async #run<T>(
    { input, demuxer }: { input: WorkerInput; demuxer: Demuxer },
    work: (demuxer: Demuxer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    try {
      const result = await readingOneFile(input, () => interrupting([demuxer], signal, () => work(demuxer)));
      await this.#keep(inputKey(input), demuxer);
      return result;
    } catch (error) {
      await demuxer[Symbol.asyncDispose]();
      throw error;
    }
  }

  #takeIdle(key: string): Demuxer | undefined {
    const kept = this.#idle.findLast((idle) => idle.key === key);
    if (kept) this.#remove(kept);
    return kept?.demuxer;
  }

  async #keep(key: string, demuxer: Demuxer): Promise<void> {
    const expiry = setTimeout(() => void this.#close(idle), this.#idleMs).unref();
    const idle: IdleDemuxer = { key, demuxer, expiry };
    this.#idle.push(idle);
    const [oldest] = this.#idle;
    if (oldest && this.#idle.length > MAX_IDLE) await this.#close(oldest);
  }

  #remove(idle: IdleDemuxer): void {
    clearTimeout(idle.expiry);
    this.#idle = this.#idle.filter((other) => other !== idle);
  }

  async #close(idle: IdleDemuxer): Promise<void> {
    this.#remove(idle);
    await idle.demuxer[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const idle of this.#idle) await this.#close(idle);
  }
}

/**
 * Opens a source and makes its streams complete, reading packets only where the header is not enough. What is read of it later
 * counts only once `readingOneFile` has looked at the file again.
 */
export async function openProbed(input: WorkerInput, signal: AbortSignal, buffered?: BufferedRange): Promise<Demuxer> {
  await assertSameFile(input);
  const demuxer = await Demuxer.open({ input, buffered }, signal);
  try {
    if (!demuxer.isIndexed || demuxer.streams.some((stream) => isIncomplete(demuxer, stream))) {
      await interrupting([demuxer], signal, () => demuxer.probe());
    }
    if (!demuxer.streams.length) throw new AppError('NOT_MEDIA', 'The source holds no picture and no sound');
    return demuxer;
  } catch (error) {
    await demuxer[Symbol.asyncDispose]();
    throw error;
  }
}

function isIncomplete(demuxer: Demuxer, stream: Stream): boolean {
  const kind = demuxer.kindOf(stream);
  if (kind === 'video') return stream.codecpar.width === 0;
  return kind === 'audio' && (stream.codecpar.sampleRate === 0 || stream.codecpar.channels === 0);
}
