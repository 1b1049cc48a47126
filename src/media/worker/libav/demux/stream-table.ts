// The streams of an open source. Each has a number that means the same stream every time the source is opened.
import { AVDISCARD_ALL, AVDISCARD_DEFAULT } from 'node-av/constants';
import type { FormatContext, Stream } from 'node-av/lib';

/** Packet ids and stream ids have at most 13 bits. */
const BEYOND_IDS = 0x10000;

/**
 * Demuxers of MPEG-TS, MPEG-PS and FLV create a stream when they read its first packet or its entry in a program map: after the open, and in an
 * order that depends on the start of reading.
 */
export class StreamTable {
  readonly #context: FormatContext;
  /** Whether numbers are the container's own ids (packet ids, stream ids), since the order of the streams may change. */
  readonly #isById: boolean;
  #streams: Stream[] = [];
  #numbers: number[] = [];
  /** By the own number of a stream: the number of the stream that it continues. */
  #continued: ReadonlyMap<number, number> = new Map();
  /** Numbers of the streams to read; undefined: all. */
  #kept: ReadonlySet<number> | undefined;

  constructor(context: FormatContext, container: string) {
    this.#context = context;
    this.#isById = container.startsWith('mpeg');
  }

  /** Gives streams the numbers of the streams that they continue. */
  splice(continued: ReadonlyMap<number, number>): void {
    this.#continued = continued;
    this.#refresh();
  }

  /** Reads packets of every stream, including streams that appear later. */
  keepAll(): void {
    this.#kept = undefined;
    for (const stream of this.all) stream.discard = AVDISCARD_DEFAULT;
  }

  /** The streams found so far. */
  get all(): Stream[] {
    if (this.#context.nbStreams !== this.#streams.length) this.#refresh();
    return this.#streams;
  }

  /** The number of the stream at this index of libav's list. */
  numberAt(index: number): number {
    if (index >= this.#numbers.length) this.#refresh();
    return this.#numbers[index] ?? -1;
  }

  find(number: number): Stream | undefined {
    return this.all.find((_, index) => this.#numbers[index] === number);
  }

  /** Drops packets of all other streams inside the demuxer, including streams that appear later. */
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

/** Blu-ray carries TrueHD and its AC-3 core under one id: the second stream of an id gets a number beyond all ids. */
function numbersById(streams: readonly Stream[]): number[] {
  const taken = new Map<number, number>();
  return streams.map(({ id }) => {
    const before = taken.get(id) ?? 0;
    taken.set(id, before + 1);
    return id + before * BEYOND_IDS;
  });
}
