// A presentation over the media engine: the plans of a source's renditions, made once, and access to their segments.
import { AppError } from '../base/app-error.ts';
import type { ClipMaker } from '../media/clip/clip-maker.ts';
import { clipName } from '../media/clip/clip-name.ts';
import { planClip } from '../media/clip/clip-plan.ts';
import type { Chapter, MediaDescription } from '../media/model/description.ts';
import { CAST, MULTIVARIANT, MUXED } from '../media/plan/capabilities.ts';
import { planDelivery, type DeliveryPlan } from '../media/plan/delivery-plan.ts';
import type { MediaFacts } from '../media/model/facts.ts';
import { audioInit, copiedVideoInit, encodedVideoInit } from '../media/plan/init-sections.ts';
import { inputFor } from '../media/probe/findings.ts';
import type { RunJob } from '../media/pool/run-job.ts';
import { planRendition, playlistTimeline } from '../media/plan/rendition-plan.ts';
import type { RenditionParts, RenditionPlan } from '../media/plan/rendition-plan.ts';
import type { SegmentScheduler } from '../media/schedule/segment-scheduler.ts';
import type { SubtitleLibrary, SubtitleText } from '../media/subtitles/subtitle-library.ts';
import { segmentCount, segmentSeconds } from '../media/model/timeline.ts';
import type { Source } from '../sources/port/source.ts';
import { listVariants } from './list-variants.ts';
import type { ClipRequest } from './media-item.ts';
import type { AudioRendition, Presentation, Rendition, Variant } from './presentation.ts';
import { parseCastRenditionName } from './segment-name.ts';

export interface MediaEngine {
  scheduler: SegmentScheduler;
  run: RunJob;
  subtitles: SubtitleLibrary;
  clips: ClipMaker;
  /** Drops the segments of a source whose bytes turned out to be wrong. */
  invalidate(sourceId: string): void;
  /** Why the source cannot be read at present; undefined when it can. A worker knows only that a read failed. */
  sourceError(source: Source): AppError | undefined;
  /** A session plays the source: from this call on, the endpoint answers reads of the source with large ranges. */
  readOn(source: Source): void;
}

const MAX_CLIP_SECONDS = { local: 3600, remote: 900 } as const;

export class MediaPresentation implements Presentation {
  readonly #source: Source;
  readonly #facts: MediaFacts;
  readonly #engine: MediaEngine;
  readonly #muxed: DeliveryPlan;
  #castPlan: DeliveryPlan | undefined;
  readonly #renditions = new Map<string, Rendition>();
  readonly audioRenditions: AudioRendition[];
  readonly variants: Variant[];
  readonly targetDurationSeconds: number;

  constructor(source: Source, facts: MediaFacts, engine: MediaEngine) {
    this.#source = source;
    this.#facts = facts;
    this.#engine = engine;
    const { renditions, original, ladder, audio } = planDelivery(facts, MULTIVARIANT);
    this.#muxed = planDelivery(facts, MUXED);
    this.audioRenditions = facts.description.audio.map((track, i) => ({
      name: `audio-${i}`,
      track,
      channels: audio[i]?.channels ?? 2,
    }));
    for (const parts of renditions) this.#renditions.set(parts.name, this.#rendition(parts));
    this.variants = listVariants({ facts, original, ladder, audio, sizeBytes: source.sizeBytes });
    this.targetDurationSeconds = this.#targetDuration();
  }

  get description(): MediaDescription {
    return this.#facts.description;
  }

  get chapters(): Chapter[] {
    return this.#facts.chapters;
  }

  get durationSeconds(): number {
    return this.#facts.durationSeconds;
  }

  get fileSizeBytes(): number | undefined {
    return this.#source.sizeBytes;
  }

  get canSeek(): boolean {
    return this.#source.seekable;
  }

  get why(): string[] {
    const order = this.canSeek
      ? []
      : ['the server only sends the file from its start, so a place ahead must be waited for'];
    return [...this.#muxed.why.map(({ sentence }) => sentence), ...order];
  }

  rendition(name: string): Rendition | undefined {
    return this.#renditions.get(name) ?? this.#cast(name);
  }

  muxed(audioIndex: number): Rendition {
    const tracks = this.#facts.description.audio.length;
    if (audioIndex >= tracks && tracks > 0) throw new AppError('BAD_REQUEST', `There is no audio track ${audioIndex}`);
    const rendition = this.#planned(this.#muxed, `muxed-${tracks === 0 ? 0 : audioIndex}`);
    if (!rendition) throw new TypeError('a presentation without video and audio');
    return rendition;
  }

  subtitles(index: number, fromSeconds: number): SubtitleText {
    return this.#engine.subtitles.text({ source: this.#source, facts: this.#facts, index, fromSeconds });
  }

  async clip(request: ClipRequest, signal: AbortSignal): Promise<string> {
    const { input, name } = this.#source;
    const maxSeconds = input.kind === 'file' ? MAX_CLIP_SECONDS.local : MAX_CLIP_SECONDS.remote;
    const plan = planClip(this.#facts, request.audioIndex, { ...request, maxSeconds });
    this.#engine.readOn(this.#source);
    const made = {
      plan,
      input: inputFor(this.#source, this.#facts.description.container, this.#facts.splices),
      origin: this.#facts.origin,
      name: clipName(request.name, defaultClipName(name, request)),
      onProgress: request.onProgress,
    };
    return this.#engine.clips.make(made, signal).catch((error: unknown) => this.#explain(error));
  }

  releaseViewer(viewer: string): void {
    this.#engine.scheduler.viewerGone(viewer);
  }

  #cast(name: string): Rendition | undefined {
    if (parseCastRenditionName(name) === undefined) return undefined;
    this.#castPlan ??= planDelivery(this.#facts, CAST);
    return this.#planned(this.#castPlan, name);
  }

  /** Plans a rendition on its first request, and once. */
  #planned({ renditions }: DeliveryPlan, name: string): Rendition | undefined {
    const known = this.#renditions.get(name);
    if (known) return known;
    const parts = renditions.find((each) => each.name === name);
    const rendition = parts && this.#rendition(parts);
    if (rendition) this.#renditions.set(name, rendition);
    return rendition;
  }

  #rendition(parts: RenditionParts): Rendition {
    const { id } = this.#source;
    const input = inputFor(this.#source, this.#facts.description.container, this.#facts.splices);
    const plan = planRendition({ id, input, origin: this.#facts.origin }, parts);
    return {
      name: parts.name,
      format: parts.format,
      timeline: plan.timeline,
      playlistTimeline: plan.playlistTimeline,
      isIndependent: parts.video?.track.kind !== 'copied' || parts.video.track.codec !== 'hevc',
      init: (signal) => this.#init(plan, signal).catch((error: unknown) => this.#explain(error)),
      segment: async (number, viewer, signal) => {
        this.#engine.readOn(this.#source);
        try {
          return await this.#engine.scheduler.request({ rendition: plan.scheduled, number, viewer }, signal);
        } catch (error) {
          return this.#explain(error);
        }
      },
    };
  }

  #explain(error: unknown): never {
    throw explained(error, this.#engine.sourceError(this.#source));
  }

  async #init(plan: RenditionPlan, signal: AbortSignal): Promise<Uint8Array> {
    const { video, audio } = plan;
    if (video && !('cuts' in video)) {
      const header = await this.#engine.run({ kind: 'encoder-header', track: video.track }, signal);
      return encodedVideoInit(video.track, header.configuration);
    }
    const source = this.#facts.description.video;
    if (video && source) return copiedVideoInit(source, video.track);
    if (audio) return audioInit(audio);
    throw new TypeError('a rendition needs video or audio');
  }

  /** RFC 8216 section 4.3.3.1: no EXTINF, rounded, is longer. All muxed renditions share one timeline. */
  #targetDuration(): number {
    const timelines = [...this.#renditions.values()].map((rendition) => rendition.playlistTimeline);
    const muxed = this.#muxed.video;
    if (muxed) timelines.push(playlistTimeline({ format: 'mpegts', video: muxed }, muxed.timeline));
    let longest = 1;
    for (const timeline of timelines) {
      for (let number = 0; number < segmentCount(timeline); number++) {
        const { start, end } = segmentSeconds(timeline, number);
        longest = Math.max(longest, Math.round(end - start));
      }
    }
    return longest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source[Symbol.asyncDispose]();
  }
}

/** The error of the source when a worker failed because of it, else `error`. */
export function explained(error: unknown, sourceError: AppError | undefined): unknown {
  const isMedia = error instanceof AppError && ['MEDIA_FAILED', 'NOT_MEDIA', 'UNSUPPORTED_MEDIA'].includes(error.code);
  return isMedia && sourceError ? sourceError : error;
}

/** Name of the source and start time of the clip. */
function defaultClipName(sourceName: string, { startSeconds }: { startSeconds: number }): string {
  const clock = new Date(Math.round(startSeconds) * 1000).toISOString().slice(11, 19).replaceAll(':', '.');
  return `${sourceName.replace(/\.[^.]{1,5}$/u, '')} ${clock}`;
}
