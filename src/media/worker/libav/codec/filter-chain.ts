// A chain of filters between a decoder and an encoder. Frames of another shape need a new chain.
import { AVERROR_EAGAIN, AVERROR_EOF } from 'node-av/constants';
import { FilterGraph, Frame } from 'node-av/lib';
import type { FilterContext, Rational } from 'node-av/lib';
import { AppError } from '../../../../base/app-error.ts';
import { check } from './check.ts';

const SOURCE = 'in';
const SINK = 'out';

export class FilterChain implements Disposable {
  readonly #graph = new FilterGraph();
  readonly #source: FilterContext;
  readonly #sink: FilterContext;

  /**
   * `source` is the buffer source with its arguments (`buffer` or `abuffer`), `filters` a chain in libavfilter's syntax.
   * @throws AppError MEDIA_FAILED when the chain is not possible for such frames
   */
  constructor(kind: 'video' | 'audio', sourceArguments: string, filters: string) {
    const prefix = kind === 'audio' ? 'a' : '';
    this.#graph.alloc();
    check(
      this.#graph.parsePtr(`${prefix}buffer@${SOURCE}=${sourceArguments},${filters},${prefix}buffersink@${SINK}`),
      'set up the filters',
    );
    check(this.#graph.configSync(), 'set up the filters');
    this.#source = this.#filter(`${prefix}buffer@${SOURCE}`);
    this.#sink = this.#filter(`${prefix}buffersink@${SINK}`);
  }

  /** Filters a frame (undefined: the end); returns the finished frames, which the caller frees. The input frame is emptied. */
  async filter(frame: Frame | undefined): Promise<Frame[]> {
    check(await this.#source.buffersrcAddFrame(frame ?? null), 'filter');
    const frames: Frame[] = [];
    for (;;) {
      const out = new Frame();
      out.alloc();
      const code = await this.#sink.buffersinkGetFrame(out);
      if (code < 0) {
        out.free();
        if (code !== AVERROR_EAGAIN && code !== AVERROR_EOF) check(code, 'filter');
        return frames;
      }
      frames.push(out);
    }
  }

  /** The same, synchronously. */
  filterAtOnce(frame: Frame | undefined): Frame[] {
    check(this.#source.buffersrcAddFrameSync(frame ?? null), 'filter');
    const frames: Frame[] = [];
    for (;;) {
      const out = new Frame();
      out.alloc();
      const code = this.#sink.buffersinkGetFrameSync(out);
      if (code < 0) {
        out.free();
        if (code !== AVERROR_EAGAIN && code !== AVERROR_EOF) check(code, 'filter');
        return frames;
      }
      frames.push(out);
    }
  }

  /** Duration of a tick of the output timestamps, in the unit of the input time base. */
  get timeBase(): Rational {
    return this.#sink.buffersinkGetTimeBase();
  }

  #filter(name: string): FilterContext {
    const filter = this.#graph.getFilter(name);
    if (!filter) throw new AppError('MEDIA_FAILED', `The media library lost the filter ${name}`);
    return filter;
  }

  [Symbol.dispose](): void {
    this.#graph.free();
  }
}
