// Subtitle tracks as text, kept after the first read: all requests share one read, and a track is read again only after its text was dropped.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { MIB } from '../../base/units.ts';
import { AppError } from '../../base/app-error.ts';
import type { Source } from '../../sources/port/source.ts';
import type { MediaFacts } from '../model/facts.ts';
import type { ByteReader } from '../index/container/container-index.ts';
import type { SubtitleReaders } from './subtitle-readers.ts';
import { GrowingText } from './growing-text.ts';
import { PacedReader } from './paced-reader.ts';
import { readSubtitles, textTrack } from './read-subtitles.ts';

/** Stored texts of another version are made again. */
const VERSION = 1;
const KEPT_REFUSALS = 1000;
const MEMORY_LENGTH = 16 * MIB;
/** Longer texts are not stored. */
const MAX_STORED_LENGTH = MIB;

/** A larger remote source is not walked for subtitles that it has no index of. */
const MAX_REMOTE_WALK_BYTES = 64 * MIB;

/** A store in which texts survive a restart; a missing text is made again. */
export interface TextStore {
  get(key: string): unknown;
  put(key: string, value: unknown): void;
}

export interface SubtitleText {
  /** Strong validator, in quotes: equal sources give equal texts. */
  etag: string;
  /** The whole text; undefined until it was read. */
  whole: string | undefined;
  /** Whether the pieces have the order of the whole text. */
  isInOrder: boolean;
  /** The whole text in pieces, as they are found. @throws AppError UNSUPPORTED_MEDIA, or what reading the source throws */
  pieces(signal: AbortSignal): AsyncIterable<string>;
}

export interface LibraryRequest {
  source: Source;
  facts: MediaFacts;
  /** Index among the subtitle tracks. */
  index: number;
  /** The viewer's position: in a source whose download follows its readers, cues from this time on are read first. */
  fromSeconds: number;
}

export class SubtitleLibrary implements Disposable {
  readonly #store: TextStore;
  readonly #life = new AbortController();
  readonly #whole = new LRUCache<string, string>({
    maxSize: MEMORY_LENGTH,
    sizeCalculation: ({ length }) => length + 1,
  });
  /** Errors of tracks that cannot be read, by `refusalKey`: the bytes of a source do not change. */
  readonly #refusals = new LRUCache<string, AppError>({ max: KEPT_REFUSALS });
  readonly #growing = new Map<string, { source: Source; text: GrowingText }>();

  constructor(store: TextStore) {
    this.#store = store;
  }

  /** The text of a subtitle track; reading starts with the iteration. @throws AppError NOT_FOUND, UNSUPPORTED_MEDIA */
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
    // Another source with equal bytes may be closed by its holders at any time.
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

  /** Calls `keep` once the bytes of a source that returns unverified bytes were verified. */
  async #whenChecked(source: Source, keep: () => void): Promise<void> {
    const isRight = source.verified === undefined || (await source.verified(this.#life.signal));
    if (isRight) keep();
  }

  #keep(key: string, text: string): void {
    this.#whole.set(key, text);
    if (text.length <= MAX_STORED_LENGTH) this.#store.put(key, text);
  }
}

function readersOf(source: Source, signal: AbortSignal): SubtitleReaders {
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

/** The key of a refusal: equal bytes may be readable in one source, but not in another where seeks or a full load are too costly. */
function refusalKey(key: string, source: Source): string {
  return `${key} ${source.seekable} ${mayWalk(source)}`;
}

/** Sorts cues by time: a cue begins with its start time, which sorts as text. */
function inOrderOfTime([header = '', ...cues]: readonly string[]): string {
  return header + cues.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join('');
}
