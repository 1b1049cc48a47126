// Opens what a session plays. Sessions of one source share one presentation; it is closed when the last of them lets go.
import { LRUCache } from 'lru-cache';

import { isAbort } from '../base/app-error.ts';
import { SingleFlight } from '../base/single-flight.ts';
import { isStoredFacts, toStored } from '../media/facts.ts';
import type { MediaFacts } from '../media/facts.ts';
import { probe } from '../media/probe.ts';
import { openSource } from '../sources/open-source.ts';
import type { OpenSourceOptions, OpenedSource } from '../sources/open-source.ts';
import { parseLocator, type TorrentLocator } from '../sources/source-locator.ts';
import type { Source } from '../sources/source.ts';
import { TorrentSource } from '../sources/torrent/torrent-source.ts';
import { explained, MediaPresentation } from './media-presentation.ts';
import type { MediaEngine } from './media-presentation.ts';
import type { Playable, Playables, PlayableSource, RelayedPlaylist, TransferFacts } from './playable.ts';
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

interface Found {
  source: Source;
  key: string;
}

interface Holding {
  source: Source;
  presentation: MediaPresentation;
  users: number;
}

/** Torrents by what named them, for those named by a file. */
const KEPT_TORRENTS = 1000;

export class MediaPlayables implements Playables {
  readonly #options: MediaPlayablesOptions;
  /** By what is played and from where: an address that fails must not spoil the same film from another. */
  readonly #open = new Map<string, Holding>();
  readonly #probes = new SingleFlight<MediaFacts>();
  /** By the locator's text. */
  readonly #torrents = new LRUCache<string, { infoHash: string; fileIndex: number }>({ max: KEPT_TORRENTS });

  constructor(options: MediaPlayablesOptions) {
    this.#options = options;
  }

  async open(wanted: PlayableSource, signal: AbortSignal): Promise<Playable> {
    const locator = parseLocator(wanted.uri, wanted);
    const opened = await openSource(locator, { ...this.#options.sources, requester: wanted.requester }, signal);
    if (opened.kind === 'hls') return this.#options.relay(opened.upstream, signal);
    const { source } = opened;
    // However a torrent was named, its bytes come from the same swarm.
    const isTorrent = source instanceof TorrentSource;
    if (isTorrent)
      this.#torrents.set(JSON.stringify(locator), { infoHash: source.infoHash, fileIndex: source.fileIndex });
    const key = isTorrent ? source.id : `${source.id} ${JSON.stringify(locator)}`;
    return this.#present({ source, key }, signal);
  }

  transfer(wanted: PlayableSource): TransferFacts | undefined {
    const locator = parseLocator(wanted.uri, wanted);
    if (locator.kind !== 'torrent') return undefined;
    const { infoHash, fileIndex } = this.#torrents.get(JSON.stringify(locator)) ?? named(locator);
    return infoHash === undefined ? undefined : this.#options.sources.torrents?.transfer(infoHash, fileIndex);
  }

  async #present(found: Found, signal: AbortSignal): Promise<Presentation> {
    const { source, key } = found;
    let claim: Presentation | undefined;
    try {
      const facts = this.#open.has(key) ? undefined : await this.#factsOf(found, signal);
      const held = this.#open.get(key) ?? (facts && this.#hold(found, facts));
      if (!held) throw new TypeError('a presentation closed while nothing was waited for');
      // Claimed before anything is waited for: the last session that holds it may let go at any moment.
      claim = this.#share(key, held);
      if (held.source !== source) await source[Symbol.asyncDispose]();
      return claim;
    } catch (error) {
      await claim?.[Symbol.asyncDispose]();
      await source[Symbol.asyncDispose]();
      throw error;
    }
  }

  #hold({ source, key }: Found, facts: MediaFacts): Holding {
    const holding = { source, presentation: new MediaPresentation(source, facts, this.#options.engine), users: 0 };
    this.#open.set(key, holding);
    return holding;
  }

  async #factsOf({ source, key }: Found, signal: AbortSignal): Promise<MediaFacts> {
    const { knowledge, engine } = this.#options;
    const known = knowledge.get(source.id);
    if (isStoredFacts(known)) return known.facts;
    try {
      return await this.#probes.run(key, async () => {
        const facts = await probe(source, engine.run, signal);
        knowledge.put(source.id, toStored(facts));
        return facts;
      });
    } catch (error) {
      // The session whose probe we joined went away; ours has not.
      if (isAbort(error) && !signal.aborted) return this.#factsOf({ source, key }, signal);
      throw explained(error, engine.sourceError(source));
    }
  }

  #share(key: string, holding: Holding): Presentation {
    holding.users += 1;
    return new SharedPresentation(holding.presentation, async (viewers) => {
      holding.users -= 1;
      for (const viewer of viewers) this.#options.engine.scheduler.viewerGone(viewer);
      if (holding.users > 0) return;
      if (this.#open.get(key) === holding) this.#open.delete(key);
      await holding.presentation[Symbol.asyncDispose]();
    });
  }
}

/** What a locator says by itself: the info hash is known before the torrent is open, unless a file names it. */
function named({ torrent, fileIndex }: TorrentLocator): { infoHash?: string; fileIndex: number | undefined } {
  return torrent.kind === 'magnet' ? { infoHash: torrent.magnet.infoHash, fileIndex } : { fileIndex };
}
