// Open demuxers, kept for the next job: opening costs a few milliseconds, the packet parsers of MPEG-TS and AVI cost much more.
import { kindOf } from '../libav/demux/stream-kind.ts';
import { AppError } from '../../../base/app-error.ts';
import { interrupting } from '../libav/demux/interrupting.ts';
import { Demuxer, type Stream } from '../libav/demux/demuxer.ts';
import { type QueryBuffered, BufferedRange } from '../libav/demux/buffered-range.ts';
import { assertSameFile, inputKey, readingOneFile } from '../libav/demux/same-file.ts';
import type { WorkerInput } from '../protocol/protocol.ts';

const MAX_IDLE = 4;
/** A deleted file occupies the disk as long as it is open, so idle demuxers are closed after this long. */
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
  /** Idle demuxers, longest unused first. */
  #idle: IdleDemuxer[] = [];
  readonly #idleMs: number;
  readonly #queryBuffered: QueryBuffered | undefined;

  constructor({ idleMs = IDLE_MS, queryBuffered }: DemuxersOptions = {}) {
    this.#idleMs = idleMs;
    this.#queryBuffered = queryBuffered;
  }

  /**
   * Runs `work` with exclusive use of a demuxer, at the position where the last work left it. Work that fails on a kept connection is retried
   * once on a new one. An abort ends reads of a remote source at once.
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

  /** Runs `work` with a new demuxer, at the beginning of the source. */
  async useFresh<T>(input: WorkerInput, work: (demuxer: Demuxer) => Promise<T>, signal: AbortSignal): Promise<T> {
    const demuxer = await openProbed(input, signal, this.#bufferedRangeOf(input));
    return this.#run({ input, demuxer }, work, signal);
  }

  #bufferedRangeOf(input: WorkerInput): BufferedRange | undefined {
    const query = this.#queryBuffered;
    if (!query || input.kind !== 'endpoint' || !input.reportsBuffered) return undefined;
    return new BufferedRange((start) => query(input.url, start));
  }

  /** Keeps the demuxer after the work; closes it if the work failed. */
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
 * Opens a source and completes its streams, reading packets only if the header is not enough. Later reads are valid only after
 * `readingOneFile` has checked the file again.
 */
export async function openProbed(input: WorkerInput, signal: AbortSignal, buffered?: BufferedRange): Promise<Demuxer> {
  await assertSameFile(input);
  const demuxer = await Demuxer.open({ input, buffered }, signal);
  try {
    if (!demuxer.isIndexed || demuxer.streams.some((stream) => isIncomplete(stream))) {
      await interrupting([demuxer], signal, () => demuxer.probe());
    }
    if (!demuxer.streams.length) throw new AppError('NOT_MEDIA', 'The source holds no picture and no sound');
    return demuxer;
  } catch (error) {
    await demuxer[Symbol.asyncDispose]();
    throw error;
  }
}

function isIncomplete(stream: Stream): boolean {
  const kind = kindOf(stream);
  if (kind === 'video') return stream.codecpar.width === 0;
  return kind === 'audio' && (stream.codecpar.sampleRate === 0 || stream.codecpar.channels === 0);
}
