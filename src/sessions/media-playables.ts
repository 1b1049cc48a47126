// Opens what a session plays. Sessions of one source share one presentation; it is closed when the last of them lets go.
import { isAbort } from '../base/app-error.ts';
import { SingleFlight } from '../base/single-flight.ts';
import { isStoredFacts, toStored } from '../media/facts.ts';
import type { MediaFacts } from '../media/facts.ts';
import { probe } from '../media/probe.ts';
import { openSource } from '../sources/open-source.ts';
import type { OpenSourceOptions, OpenedSource } from '../sources/open-source.ts';
import { parseLocator } from '../sources/source-locator.ts';
import type { Source } from '../sources/source.ts';
import { MediaPresentation } from './media-presentation.ts';
import type { MediaEngine } from './media-presentation.ts';
import type { Playable, Playables, PlayableSource, RelayedPlaylist } from './playable.ts';
import type { Presentation } from './presentation.ts';
import { SharedPresentation } from './shared-presentation.ts';
import type { KnowledgeStore } from './store/session-store.ts';

export interface MediaPlayablesOptions {
  engine: MediaEngine;
  knowledge: KnowledgeStore;
  sources: OpenSourceOptions;
  /** Passes on a presentation that is HLS already; owns the upstream from then on. */
  relay(upstream: HlsUpstream, signal: AbortSignal): Promise<RelayedPlaylist>;
}

type HlsUpstream = Extract<OpenedSource, { kind: 'hls' }>['upstream'];

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
    if (opened.kind === 'hls') return this.#options.relay(opened.upstream, signal);
    return this.#present(opened.source, signal);
  }

  async #present(source: Source, signal: AbortSignal): Promise<Presentation> {
    try {
      const facts = this.#open.has(source.id) ? undefined : await this.#factsOf(source, signal);
      const held = this.#open.get(source.id);
      if (held) await source[Symbol.asyncDispose]();
      else if (facts) return this.#share(source.id, this.#hold(source, facts));
      else return await this.#present(source, signal);
      return this.#share(source.id, held);
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
    if (isStoredFacts(known)) return known.facts;
    try {
      return await this.#probes.run(source.id, async () => {
        const facts = await probe(source, engine.run, signal);
        knowledge.put(source.id, toStored(facts));
        return facts;
      });
    } catch (error) {
      // The session whose probe we joined went away; ours has not.
      if (isAbort(error) && !signal.aborted) return this.#factsOf(source, signal);
      throw error;
    }
  }

  #share(id: string, holding: Holding): Presentation {
    holding.users += 1;
    return new SharedPresentation(holding.presentation, async () => {
      holding.users -= 1;
      if (holding.users > 0) return;
      if (this.#open.get(id) === holding) this.#open.delete(id);
      await holding.presentation[Symbol.asyncDispose]();
    });
  }
}
