// The subtitle tracks that were read, kept as text: each is read once, whoever asks, and again only when it was forgotten.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AppError } from '../../base/app-error.ts';
import type { Source } from '../../sources/port/source.ts';
import type { MediaFacts } from '../model/facts.ts';
import type { ByteReader } from '../index/container/container-index.ts';
import type { FilmReaders } from './subtitle-readers.ts';
import { GrowingText } from './growing-text.ts';
import { PacedReader } from './paced-reader.ts';
import { readSubtitles, textTrack } from './read-subtitles.ts';

/** Texts made by another version are made again. */
const VERSION = 1;
const KEPT_REFUSALS = 1000;
const MEMORY_LENGTH = 16 * 1024 * 1024;
/** Longer ones are not worth a row of the store. */
const MAX_STORED_LENGTH = 1024 * 1024;

/** A remote film without an index of its subtitles is loaded for them only up to this size. */
const MAX_REMOTE_WALK_BYTES = 64 * 1024 * 1024;

/** Where texts outlive the server; a text that is not there is made again. */
export interface TextStore {
  get(key: string): unknown;
  put(key: string, value: unknown): void;
}

export interface SubtitleText {
  /** Strong validator, with quotes: equal films give equal texts. */
  etag: string;
  /** All of it; undefined while it has not been read. */
  whole: string | undefined;
  /** Whether the pieces come in the order of the whole text. */
  isInOrder: boolean;
  /** All of it, in pieces, as they are found. @throws AppError UNSUPPORTED_MEDIA, or what reading the source throws */
  pieces(signal: AbortSignal): AsyncIterable<string>;
}

export interface LibraryRequest {
  source: Source;
  facts: MediaFacts;
  /** Among the subtitle tracks. */
  index: number;
  /** Where the viewer is: of a download that follows its readers the cues from there on are read first. */
  fromSeconds: number;
}

export class SubtitleLibrary implements Disposable {
  readonly #store: TextStore;
  readonly #life = new AbortController();
  readonly #whole = new LRUCache<string, string>({
    maxSize: MEMORY_LENGTH,
    sizeCalculation: ({ length }) => length + 1,
  });
  /** Why tracks cannot be read, by key and whether the film may be walked through: their bytes do not change. */
  readonly #refusals = new LRUCache<string, AppError>({ max: KEPT_REFUSALS });
  readonly #growing = new Map<string, { source: Source; text: GrowingText }>();

  constructor(store: TextStore) {
    this.#store = store;
  }

  /** The text of a subtitle track; nothing is read before somebody iterates. @throws AppError NOT_FOUND, UNSUPPORTED_MEDIA */
  text(request: LibraryRequest): SubtitleText {
    const { source, facts, index } = request;
    const { streamIndex } = textTrack(facts, index);
    const key = `${source.id} subtitles ${streamIndex} version ${VERSION}`;
    const whole = this.#whole.get(key) ?? this.#stored(key);
    const refusal = this.#refusals.get(refusalKey(key, source));
    if (whole === undefined && refusal) throw refusal;
    const etag = `"${createHash('sha256').update(key).digest('base64url').slice(0, 22)}"`;
    const isInOrder = source.followsReaders === undefined;
    return { etag, whole, isInOrder, pieces: (signal) => this.#growingText(key, request).read(signal) };
  }

  [Symbol.dispose](): void {
    this.#life.abort();
    for (const { text } of this.#growing.values()) text.close();
  }

  #stored(key: string): string | undefined {
    const stored = this.#store.get(key);
    if (typeof stored !== 'string') return undefined;
    this.#whole.set(key, stored);
    return stored;
  }

  #growingText(key: string, request: LibraryRequest): GrowingText {
    const { source, facts, index } = request;
    const fromMs = source.followsReaders ? Math.floor(request.fromSeconds * 1000) : 0;
    const known = this.#growing.get(key);
    // Another source of equal bytes may be closed at any time by those who hold it.
    if (known?.source === source && !known.text.isOver) return known.text;
    const text: GrowingText = new GrowingText({
      make: (signal) => {
        const pieces = readSubtitles(readersOf(source, signal), { facts, index, mayWalk: mayWalk(source), fromMs });
        return this.#refusalKept(pieces, key, source);
      },
      onEnd: (pieces) => {
        if (this.#growing.get(key)?.text === text) this.#growing.delete(key);
        const whole = source.followsReaders && pieces ? inOrderOfTime(pieces) : pieces?.join('');
        if (whole !== undefined) void this.#whenChecked(source, () => this.#keep(key, whole));
      },
    });
    this.#growing.set(key, { source, text });
    return text;
  }

  async *#refusalKept(pieces: AsyncIterable<string>, key: string, source: Source): AsyncGenerator<string> {
    try {
      yield* pieces;
    } catch (error) {
      if (error instanceof AppError && error.code === 'UNSUPPORTED_MEDIA')
        void this.#whenChecked(source, () => this.#refusals.set(refusalKey(key, source), error));
      throw error;
    }
  }

  /** Text read from a source that returns unverified bytes is kept only when these bytes are verified. */
  async #whenChecked(source: Source, keep: () => void): Promise<void> {
    const isRight = source.verified === undefined || (await source.verified(this.#life.signal));
    if (isRight) keep();
  }

  #keep(key: string, text: string): void {
    this.#whole.set(key, text);
    if (text.length <= MAX_STORED_LENGTH) this.#store.put(key, text);
  }
}

function readersOf(source: Source, signal: AbortSignal): FilmReaders {
  const { sizeBytes, seekable: isSeekable } = source;
  const dense: ByteReader = { sizeBytes, isSeekable, read: (range) => source.read(range, signal) };
  const paced = source.followsReaders ? new PacedReader(dense, signal) : dense;
  const sparse: ByteReader = {
    sizeBytes,
    isSeekable,
    read: (range) => source.readAlone?.(range, signal) ?? paced.read(range),
  };
  return { dense: paced, sparse };
}

function mayWalk({ input, seekable, sizeBytes = Infinity }: Source): boolean {
  return input.kind === 'file' || !seekable || sizeBytes <= MAX_REMOTE_WALK_BYTES;
}

/** The same bytes may be read in one place, and not in another where jumps or loading all of them are dear. */
function refusalKey(key: string, source: Source): string {
  return `${key} ${source.seekable} ${mayWalk(source)}`;
}

/** Cues begin with their times, which sort as texts do. */
function inOrderOfTime([header = '', ...cues]: readonly string[]): string {
  return header + cues.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join('');
}
