// Opens media items. Sessions of one source share one presentation, which closes with its last handle.
import { LRUCache } from 'lru-cache';

import { isAbort } from '../base/app-error.ts';
import { SingleFlight } from '../base/single-flight.ts';
import { isStoredFacts, toStored } from '../media/model/facts.ts';
import type { MediaFacts } from '../media/model/facts.ts';
import { probe } from '../media/probe/probe.ts';
import { openSource } from '../sources/open/open-source.ts';
import type { OpenSourceOptions, OpenedSource } from '../sources/open/open-source.ts';
import { parseLocator, type SourceLocator } from '../sources/open/source-locator.ts';
import type { Source } from '../sources/port/source.ts';
import { TorrentSource } from '../sources/torrent/torrent-source.ts';
import { explained, MediaPresentation } from './media-presentation.ts';
import type { MediaEngine } from './media-presentation.ts';
import type { SourceRequest } from '../sources/port/source-request.ts';
import type { ItemHandle, ItemOpener, MediaItem, TransferInfo } from './media-item.ts';
import { PresentationItem } from './presentation-item.ts';
import { Knowledge } from '../state/knowledge.ts';
import type { KnowledgeStore } from '../state/session-store.ts';

export interface MediaOpenerOptions {
  engine: MediaEngine;
  knowledge: KnowledgeStore;
  sources: OpenSourceOptions;
  /** Whether a torrent stays when its last session is ended on request. */
  seedsOn: boolean;
  /** Relays a source that is HLS already; takes ownership of the upstream. */
  relay(upstream: HlsUpstream, signal: AbortSignal): Promise<ItemHandle>;
}

type HlsUpstream = Extract<OpenedSource, { kind: 'hls' }>['upstream'];

interface Found {
  source: Source;
  key: string;
}

interface Holding {
  source: Source;
  presentation: MediaPresentation;
  item: MediaItem;
  users: number;
  isStale: boolean;
}

/** Number of probes of a source whose bytes turn out to be wrong. */
const PROBES = 3;

/** Limit of the map from locators to torrents, needed for torrents that a file names. */
const KEPT_TORRENTS = 1000;

export class MediaOpener implements ItemOpener {
  readonly #options: MediaOpenerOptions;
  readonly #knowledge: Knowledge;
  /** By source id and locator: a failing address must not affect the same media at another address. */
  readonly #open = new Map<string, Holding>();
  readonly #probes = new SingleFlight<MediaFacts>();
  /** By the text of locator and file index. */
  readonly #torrents = new LRUCache<string, { infoHash: string; fileIndex: number }>({ max: KEPT_TORRENTS });

  constructor(options: MediaOpenerOptions) {
    this.#options = options;
    this.#knowledge = new Knowledge(options.knowledge);
  }

  async open(wanted: SourceRequest, signal: AbortSignal): Promise<ItemHandle> {
    const locator = parseLocator(wanted.uri, wanted);
    const { requester, fileIndex } = wanted;
    const opened = await openSource(locator, { ...this.#options.sources, requester, fileIndex }, signal);
    if (opened.kind === 'hls') return this.#options.relay(opened.upstream, signal);
    const { source } = opened;
    // All locators of a torrent lead to the same swarm.
    const isTorrent = source instanceof TorrentSource;
    if (isTorrent)
      this.#torrents.set(textOf(locator, fileIndex), { infoHash: source.infoHash, fileIndex: source.fileIndex });
    const key = isTorrent ? source.id : `${source.id} ${JSON.stringify(locator)}`;
    return this.#present({ source, key }, signal);
  }

  transfer(wanted: SourceRequest): TransferInfo | undefined {
    const { infoHash, fileIndex } = this.#torrentOf(wanted);
    return infoHash === undefined ? undefined : this.#options.sources.torrents?.transfer(infoHash, fileIndex);
  }

  async discard(ended: SourceRequest, others: readonly SourceRequest[]): Promise<void> {
    const { infoHash } = this.#torrentOf(ended);
    const { torrents } = this.#options.sources;
    if (this.#options.seedsOn || infoHash === undefined || torrents === undefined) return;
    if (others.some((other) => this.#torrentOf(other).infoHash === infoHash)) return;
    await torrents.discard(infoHash);
  }

  #torrentOf(wanted: SourceRequest): { infoHash?: string; fileIndex: number | undefined } {
    const locator = parseLocator(wanted.uri, wanted);
    return this.#torrents.get(textOf(locator, wanted.fileIndex)) ?? named(locator);
  }

  async #present(found: Found, signal: AbortSignal): Promise<ItemHandle> {
    const { source, key } = found;
    let handle: ItemHandle | undefined;
    try {
      const facts = this.#open.has(key) ? undefined : await this.#validFacts(found, signal);
      const held = this.#open.get(key) ?? (facts && this.#hold(found, facts));
      if (!held) throw new TypeError('a presentation closed without an await in between');
      // Counted before the next await: the last session with a handle may dispose it at any moment.
      handle = this.#share(key, held);
      if (held.source !== source) await source[Symbol.asyncDispose]();
      return handle;
    } catch (error) {
      await handle?.[Symbol.asyncDispose]();
      await source[Symbol.asyncDispose]();
      throw error;
    }
  }

  #hold({ source, key }: Found, facts: MediaFacts): Holding {
    const presentation = new MediaPresentation(source, facts, this.#options.engine);
    const holding: Holding = {
      source,
      presentation,
      item: new PresentationItem(presentation),
      users: 0,
      isStale: false,
    };
    source.watchCorrupt?.(() => this.#invalidate(key, holding));
    source.watchGone?.(() => this.#markStale(key, holding));
    this.#open.set(key, holding);
    return holding;
  }

  /** Facts and segments may come from wrong bytes: both are dropped, and open sessions open the source again. */
  #invalidate(key: string, holding: Holding): void {
    const { id } = holding.source;
    this.#markStale(key, holding);
    this.#knowledge.put(id, null);
    this.#options.engine.invalidate(id);
  }

  /** Every session that holds the presentation opens its source again. */
  #markStale(key: string, holding: Holding): void {
    holding.isStale = true;
    if (this.#open.get(key) === holding) this.#open.delete(key);
  }

  /** Probes again when bytes of the probe turned out to be wrong. */
  async #validFacts(found: Found, signal: AbortSignal): Promise<MediaFacts> {
    for (let probes = 1; ; probes += 1) {
      let isInvalid = false;
      using _watch = found.source.watchCorrupt?.(() => {
        isInvalid = true;
      });
      try {
        const facts = await this.#factsOf(found, signal);
        if (!isInvalid) return facts;
      } catch (error) {
        if (!isInvalid || probes === PROBES || signal.aborted) throw error;
      }
    }
  }

  /** Stored facts outlive the server, so only facts of verified bytes are stored. Closing the source ends the wait. */
  async #storeFacts(source: Source, facts: MediaFacts): Promise<void> {
    const isVerified = source.verified === undefined || (await source.verified(new AbortController().signal));
    if (isVerified) this.#knowledge.put(source.id, toStored(facts));
  }

  async #factsOf({ source, key }: Found, signal: AbortSignal): Promise<MediaFacts> {
    const { engine } = this.#options;
    const known = await this.#knowledge.get(source.id, signal);
    if (isStoredFacts(known)) return known.facts;
    try {
      return await this.#probes.run(key, async () => {
        const facts = await probe(source, engine.run, signal);
        void this.#storeFacts(source, facts);
        return facts;
      });
    } catch (error) {
      // Another caller started the shared probe and aborted it; this caller still waits.
      if (isAbort(error) && !signal.aborted) return this.#factsOf({ source, key }, signal);
      throw explained(error, engine.sourceError(source));
    }
  }

  #share(key: string, holding: Holding): ItemHandle {
    holding.users += 1;
    let isHeld = true;
    return {
      item: holding.item,
      get isStale() {
        return holding.isStale;
      },
      [Symbol.asyncDispose]: async () => {
        if (!isHeld) return;
        isHeld = false;
        holding.users -= 1;
        if (holding.users > 0) return;
        if (this.#open.get(key) === holding) this.#open.delete(key);
        await holding.presentation[Symbol.asyncDispose]();
      },
    };
  }
}

/** Includes the file index: a URL may turn out to be a torrent of several files. */
function textOf(locator: SourceLocator, fileIndex: number | undefined): string {
  return JSON.stringify([locator, fileIndex]);
}

/** Torrent and file that a locator names by itself: a magnet states the info hash, a torrent file must be opened first. */
function named(locator: SourceLocator): { infoHash?: string; fileIndex: number | undefined } {
  if (locator.kind !== 'torrent') return { fileIndex: undefined };
  const { torrent, fileIndex } = locator;
  return torrent.kind === 'magnet' ? { infoHash: torrent.magnet.infoHash, fileIndex } : { fileIndex };
}
