// One user's hold on a presentation that others use too: all of it, and a dispose that counts once.
import type { Chapter, MediaDescription } from '../media/description.ts';
import type { AudioRendition, Presentation, Rendition, Variant } from './presentation.ts';

export class SharedPresentation implements Presentation {
  readonly #presentation: Presentation;
  #release: (() => Promise<void>) | undefined;

  constructor(presentation: Presentation, release: () => Promise<void>) {
    this.#presentation = presentation;
    this.#release = release;
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
    return this.#presentation.rendition(name);
  }

  muxed(audioIndex: number): Rendition {
    return this.#presentation.muxed(audioIndex);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const release = this.#release;
    this.#release = undefined;
    await release?.();
  }
}
