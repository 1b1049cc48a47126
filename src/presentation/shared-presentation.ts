// One user's hold on a presentation that others use too: all of it, and a dispose that counts once.
import type { Chapter, MediaDescription } from '../media/model/description.ts';
import type { SubtitleText } from '../media/subtitles/subtitle-library.ts';
import type { AudioRendition, ClipWish, Presentation, Rendition, Variant } from './presentation.ts';

export class SharedPresentation implements Presentation {
  readonly #presentation: Presentation;
  readonly #viewers = new Set<string>();
  readonly #looksStale: () => boolean;
  #release: ((viewers: ReadonlySet<string>) => Promise<void>) | undefined;

  /** `release` is told who has wished for segments through this hold. */
  constructor(
    presentation: Presentation,
    release: (viewers: ReadonlySet<string>) => Promise<void>,
    looksStale: () => boolean = () => false,
  ) {
    this.#presentation = presentation;
    this.#release = release;
    this.#looksStale = looksStale;
  }

  get isStale(): boolean {
    return this.#looksStale();
  }

  get description(): MediaDescription {
    return this.#presentation.description;
  }

  get chapters(): Chapter[] {
    return this.#presentation.chapters;
  }

  get durationSeconds(): number {
    return this.#presentation.durationSeconds;
  }

  get fileSizeBytes(): number | undefined {
    return this.#presentation.fileSizeBytes;
  }

  get canSeek(): boolean {
    return this.#presentation.canSeek;
  }

  get why(): string[] {
    return this.#presentation.why;
  }

  get variants(): Variant[] {
    return this.#presentation.variants;
  }

  get audioRenditions(): AudioRendition[] {
    return this.#presentation.audioRenditions;
  }

  get targetDurationSeconds(): number {
    return this.#presentation.targetDurationSeconds;
  }

  rendition(name: string): Rendition | undefined {
    const rendition = this.#presentation.rendition(name);
    return rendition && this.#noting(rendition);
  }

  muxed(audioIndex: number): Rendition {
    return this.#noting(this.#presentation.muxed(audioIndex));
  }

  subtitles(index: number, fromSeconds: number): SubtitleText {
    return this.#presentation.subtitles(index, fromSeconds);
  }

  clip(wish: ClipWish, signal: AbortSignal): Promise<string> {
    return this.#presentation.clip(wish, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const release = this.#release;
    this.#release = undefined;
    await release?.(this.#viewers);
  }

  #noting(rendition: Rendition): Rendition {
    return {
      ...rendition,
      segment: (number, viewer, signal) => {
        this.#viewers.add(viewer);
        return rendition.segment(number, viewer, signal);
      },
    };
  }
}
