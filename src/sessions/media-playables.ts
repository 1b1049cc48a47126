// Opens what a session plays. Sessions of one source share one presentation; it is closed when the last of them lets go.
import { AppError } from '../base/app-error.ts';
import { SingleFlight } from '../base/single-flight.ts';
import { isMediaFacts } from '../media/facts.ts';
import type { MediaFacts } from '../media/facts.ts';
import { probe } from '../media/probe.ts';
import { openSource } from '../sources/open-source.ts';
import type { OpenSourceOptions } from '../sources/open-source.ts';
import { parseLocator } from '../sources/source-locator.ts';
import type { Source } from '../sources/source.ts';
import { MediaPresentation } from './media-presentation.ts';
import type { MediaEngine } from './media-presentation.ts';
import type { Playable, Playables, PlayableSource } from './playable.ts';
import type { Presentation } from './presentation.ts';
import { relayPlaylist } from './relayed-playlist.ts';
import { sharedPresentation } from './shared-presentation.ts';
import type { KnowledgeStore } from './store/session-store.ts';

export interface MediaPlayablesOptions {
  engine: MediaEngine;
  knowledge: KnowledgeStore;
  sources: OpenSourceOptions;
}

interface Holding {
  presentation: MediaPresentation;
  users: number;
}

export class MediaPlayables implements Playables {
  readonly #options: MediaPlayablesOptions;
  /** By source id. */
  readonly #open = new Map<string, Holding>();
  readonly #probes = new SingleFlight<MediaFacts>();

  constructor(options: MediaPlayablesOptions) {
    this.#options = options;
  }

  async open(wanted: PlayableSource, signal: AbortSignal): Promise<Playable> {
    const locator = parseLocator(wanted.uri, { kind: wanted.kind, headers: wanted.headers });
    const opened = await openSource(locator, this.#options.sources, signal);
    if (opened.kind === 'hls') return relayPlaylist(opened.upstream, signal);
    return this.#present(opened.source, signal);
  }

  async #present(source: Source, signal: AbortSignal): Promise<Presentation> {
    const known = this.#open.get(source.id);
    if (known) {
      await source[Symbol.asyncDispose]();
      return this.#share(source.id, known);
    }
    try {
      const facts = await this.#factsOf(source, signal);
      return this.#share(source.id, this.#open.get(source.id) ?? this.#hold(source, facts));
    } catch (error) {
      await source[Symbol.asyncDispose]();
      throw error;
    }
  }

  #hold(source: Source, facts: MediaFacts): Holding {
    const holding = { presentation: new MediaPresentation(source, facts, this.#options.engine), users: 0 };
    this.#open.set(source.id, holding);
    return holding;
  }

  async #factsOf(source: Source, signal: AbortSignal): Promise<MediaFacts> {
    const { knowledge, engine } = this.#options;
    const known = knowledge.get(source.id);
    if (isMediaFacts(known)) return known;
    return this.#probes.run(source.id, async () => {
      const facts = await probe(source, engine.run, signal);
      knowledge.put(source.id, facts);
      return facts;
    });
  }

  #share(id: string, holding: Holding): Presentation {
    holding.users += 1;
    return sharedPresentation(holding.presentation, async () => {
      holding.users -= 1;
      if (holding.users > 0) return;
      if (this.#open.get(id) === holding) this.#open.delete(id);
      await holding.presentation[Symbol.asyncDispose]();
    });
  }
}
