// The streams of an open source, each under a number that means the same stream whenever the source is opened.
import { AVDISCARD_ALL, AVDISCARD_DEFAULT } from 'node-av/constants';
import type { FormatContext, Stream } from 'node-av/lib';

/** Ids of packets and streams have 13 bits at most. */
const BEYOND_IDS = 0x10000;

/**
 * Demuxers of MPEG-TS, MPEG-PS and FLV create a stream when its first packet or its entry in a program map is read: later than opening, and in
 * an order that depends on where reading began.
 */
export class StreamTable {
  readonly #context: FormatContext;
  /** The container's own ids (packet ids, stream ids) count where the order of the streams may change. */
  readonly #isById: boolean;
  #streams: Stream[] = [];
  #numbers: number[] = [];
  /** By the number a stream would have: the number of the stream it continues. */
  #continued: ReadonlyMap<number, number> = new Map();
  /** Numbers of the streams that are read; undefined: all. */
  #kept: ReadonlySet<number> | undefined;

  constructor(context: FormatContext, container: string) {
    this.#context = context;
    this.#isById = container.startsWith('mpeg');
  }

  /** From now on streams have the numbers of those that they continue. */
  splice(continued: ReadonlyMap<number, number>): void {
    this.#continued = continued;
    this.#refresh();
  }

  /** Packets of every stream are read, those of streams that appear later too. */
  keepAll(): void {
    this.#kept = undefined;
    for (const stream of this.all) stream.discard = AVDISCARD_DEFAULT;
  }

  /** Those that are known so far. */
  get all(): Stream[] {
    if (this.#context.nbStreams !== this.#streams.length) this.#refresh();
    return this.#streams;
  }

  /** Of the stream at that place of libav's list. */
  numberAt(index: number): number {
    if (index >= this.#numbers.length) this.#refresh();
    return this.#numbers[index] ?? -1;
  }

  find(number: number): Stream | undefined {
    return this.all.find((_, index) => this.#numbers[index] === number);
  }

  /** Packets of all other streams are dropped inside the demuxer, those of streams that appear later too. */
  keepOnly(numbers: ReadonlySet<number>): void {
    this.#kept = numbers;
    for (const [index, stream] of this.all.entries()) this.#setDiscard(stream, this.#numbers[index] ?? -1);
  }

  #refresh(): void {
    const known = this.#streams.length;
    this.#streams = this.#context.streams;
    const own = this.#isById ? numbersById(this.#streams) : this.#streams.map(({ index }) => index);
    this.#numbers = own.map((number) => this.#continued.get(number) ?? number);
    for (const [index, stream] of this.#streams.entries())
      if (index >= known) this.#setDiscard(stream, this.#numbers[index] ?? -1);
  }

  #setDiscard(stream: Stream, number: number): void {
    if (this.#kept) stream.discard = this.#kept.has(number) ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
}

/** Blu-ray carries TrueHD and its AC-3 core under one id: the second stream of an id counts from where no id is. */
function numbersById(streams: readonly Stream[]): number[] {
  const taken = new Map<number, number>();
  return streams.map(({ id }) => {
    const before = taken.get(id) ?? 0;
    taken.set(id, before + 1);
    return id + before * BEYOND_IDS;
  });
}
