// One viewer of one item: where they are, which track they hear, and what is made for them.
import { AppError } from '../base/app-error.ts';
import type { Logger } from '../base/logger.ts';
import { baseName } from '../media/clip/clip-name.ts';
import { checkSpan } from '../media/clip/clip-plan.ts';
import { segmentSeconds } from '../media/model/timeline.ts';
import { namesTorrent } from '../sources/open/source-locator.ts';
import { defaultAudioIndex } from '../presentation/default-audio.ts';
import { Opening } from './opening.ts';
import { factsOf, type PlayableFacts } from '../presentation/playable-facts.ts';
import { isRelayed, type Playable, type Playables, type RelayedPlaylist } from '../presentation/playable.ts';
import { PlaybackPosition } from './playback-position.ts';
import { muxedPlaylist, presentationMultivariant, renditionPlaylist } from '../presentation/presentation-playlists.ts';
import type { Presentation, Rendition } from '../presentation/presentation.ts';
import { chooseRelayedAudio, withStart } from '../presentation/relay/relayed-text.ts';
import {
  castRenditionName,
  parseMuxedSegmentName,
  parseSegmentName,
  parseSubtitleName,
} from '../presentation/segment-name.ts';
import { SessionClips, type ClipInfo } from './session-clips.ts';
import { sessionInfo, type SessionInfo, type SessionStatus } from './session-info.ts';
import type {
  MuxedPlaylistReply,
  MuxedRequest,
  NewClip,
  Seek,
  SegmentReply,
  StreamFileReply,
  SubtitleReply,
} from './session-replies.ts';
import type { SessionRecord } from '../state/session-store.ts';
import { ViewerWaits } from './viewer-waits.ts';

export interface SessionOptions {
  playables: Playables;
  /** Monotonic clock, milliseconds. */
  now(): number;
  log: Logger;
  /** How long the first question about the session waits for the item to be known. */
  infoHoldMs: number;
  /** Called when something changed that must survive a crash. */
  onChange(record: SessionRecord): void;
}

interface RelayedWishes {
  prefix: string;
  startSeconds: number | undefined;
}

/** A segment asked for this recently means that somebody is watching. */
const STREAMING_MS = 30_000;
const COOL_DOWN_MS = [200, 400, 800];
const TORRENT_COOL_DOWN_MS = 20_000;

export class Session {
  readonly #options: SessionOptions;
  readonly #opening: Opening;
  readonly #position: PlaybackPosition;
  readonly #waits = new ViewerWaits();
  readonly #clips = new SessionClips();
  readonly #end = new AbortController();
  readonly #isTorrent: boolean;
  #record: SessionRecord;
  #facts: PlayableFacts | undefined;
  #infoAsked = false;
  #lastSegmentAtMs = -Infinity;
  /** Pieces of long work that need the item open. */
  #work = 0;

  constructor(record: SessionRecord, options: SessionOptions) {
    this.#record = record;
    this.#options = options;
    this.#isTorrent = namesTorrent(record.source.uri, record.source);
    this.#position = new PlaybackPosition(record.positionSeconds, options.now);
    this.#opening = new Opening({
      open: (signal) => options.playables.open(record.source, signal),
      coolDownMs: (failures) => this.#coolDownMs(failures),
      now: options.now,
      onOpen: (playable) => this.#opened(playable),
      onFailure: (error) => options.log.warn({ err: error }, 'source could not be opened'),
    });
  }

  get id(): string {
    return this.#record.id;
  }

  get record(): SessionRecord {
    return this.#record;
  }

  get lastRequestAtMs(): number {
    return this.#record.lastRequestAtMs;
  }

  get isBusy(): boolean {
    return this.#waits.count > 0 || this.#work > 0;
  }

  get isOpen(): boolean {
    return this.#opening.state !== 'idle';
  }

  /** For the answer that makes the session: it does not wait to learn more. */
  get createdStatus(): 'starting' | 'ready' {
    return this.#facts === undefined ? 'starting' : 'ready';
  }

  /** Notes that a request for this session came in. */
  touch(nowMs: number): void {
    this.#record = { ...this.#record, lastRequestAtMs: nowMs };
  }

  /** Begins to open the item, without waiting. */
  start(): void {
    this.#opening.start();
  }

  /** What is known. The first question waits a while for the item; a failure is part of the answer. */
  async info(signal: AbortSignal): Promise<SessionInfo> {
    if (this.#infoAsked) this.#opening.start();
    else await this.#holdFirstInfo(signal);
    return this.#info();
  }

  /** What is known at once; opens nothing. */
  summary(): SessionInfo {
    return this.#info();
  }

  async multivariant(signal: AbortSignal): Promise<string> {
    const playable = await this.#opening.playable(signal);
    const startSeconds = this.#record.startSeconds > 0 ? this.#record.startSeconds : undefined;
    if (isRelayed(playable)) return this.#relayedText(playable, { prefix: 'stream/', startSeconds }, signal);
    return presentationMultivariant(playable, {
      audioIndex: this.#audioIndex(),
      quality: this.#record.quality,
      startSeconds,
    });
  }

  async renditionPlaylist(name: string, signal: AbortSignal): Promise<string> {
    const { presentation, rendition } = await this.#rendition(name, signal);
    return renditionPlaylist(presentation, rendition);
  }

  /** What a cast device plays: a playlist, relative to the session, and the container of its segments where it is known. */
  async castable(signal: AbortSignal): Promise<{ playlist: string; format: 'mpegts' | undefined }> {
    const playable = await this.#opening.playable(signal);
    if (isRelayed(playable)) return { playlist: 'stream.m3u8', format: undefined };
    const audioIndex = playable.description.audio.length === 0 ? 0 : this.#audioIndex();
    return { playlist: `${castRenditionName(audioIndex)}/playlist.m3u8`, format: 'mpegts' };
  }

  async init(name: string, signal: AbortSignal): Promise<Uint8Array> {
    const { rendition } = await this.#rendition(name, signal);
    if (rendition.format !== 'cmaf') throw unknownName();
    return rendition.init(signal);
  }

  async segment(name: string, segmentName: string, signal: AbortSignal): Promise<SegmentReply> {
    const { rendition } = await this.#rendition(name, signal);
    const number = parseSegmentName(rendition.format, segmentName);
    if (number === undefined) throw unknownName();
    return this.#segment(rendition, number, signal);
  }

  /** The muxed playlist; waits while the item is still being opened. */
  async muxed(request: MuxedRequest, signal: AbortSignal): Promise<MuxedPlaylistReply> {
    const playable = await this.#opening.playable(signal);
    const duration = playable.durationSeconds;
    if (request.seek === undefined && this.#position.seconds > 0) {
      return { redirectSeconds: clamp(this.#position.seconds, duration) };
    }
    const startSeconds = request.seek === undefined ? undefined : this.#seek(request.seek, duration);
    const { prefix } = request;
    if (isRelayed(playable)) return { text: await this.#relayedText(playable, { prefix, startSeconds }, signal) };
    return { text: muxedPlaylist(playable, { audioIndex: this.#audioIndex(), startSeconds, prefix }) };
  }

  /** What lies beside `child.m3u8`: a muxed segment, or whatever a relayed playlist named. */
  async streamFile(name: string, range: string | undefined, signal: AbortSignal): Promise<StreamFileReply> {
    const playable = await this.#opening.playable(signal);
    if (isRelayed(playable)) {
      this.#lastSegmentAtMs = this.#options.now();
      if (name.endsWith('.m3u8')) return { text: found(await playable.playlist({ name, prefix: '' }, signal)) };
      return { relayed: found(await playable.fetch({ name, range }, signal)) };
    }
    const wanted = parseMuxedSegmentName(name);
    if (wanted === undefined) throw unknownName();
    const audioIndex = wanted.audioIndex ?? this.#audioIndex();
    if (audioIndex > 0 && audioIndex >= playable.description.audio.length) throw unknownName();
    return this.#segment(playable.muxed(audioIndex), wanted.number, signal);
  }

  /** A subtitle track as WebVTT, `0.vtt` for the first. Nothing of it is read before its pieces are asked for. */
  async subtitles(name: string, signal: AbortSignal): Promise<SubtitleReply> {
    const playable = await this.#opening.playable(signal);
    const index = parseSubtitleName(name);
    if (index === undefined || isRelayed(playable))
      throw new AppError('NOT_FOUND', 'There is no such subtitle track in this session.');
    const text = playable.subtitles(index, this.#position.seconds);
    return { ...text, pieces: (reading) => this.#whileBusy(text.pieces(reading)) };
  }

  /** Makes a file of `[start, end)` with the session's audio track; resolves with its path. @throws AppError BAD_REQUEST, UNSUPPORTED_MEDIA, ... */
  async clip(wanted: NewClip, signal: AbortSignal): Promise<string> {
    checkSpan(wanted);
    const playable = await this.#opening.playable(signal);
    if (isRelayed(playable))
      throw new AppError('UNSUPPORTED_MEDIA', 'Clips cannot be made of a stream that another server makes.');
    const { startSeconds, endSeconds, name, outputPath = '' } = wanted;
    const wish = { startSeconds, endSeconds, audioIndex: this.#audioIndex(), name: name ?? baseName(outputPath) };
    const interest = AbortSignal.any([signal, this.#end.signal]);
    this.#work += 1;
    try {
      return await this.#clips.run(wish, (counted) => playable.clip(counted, interest));
    } finally {
      this.#work -= 1;
    }
  }

  clips(): ClipInfo[] {
    return this.#clips.list();
  }

  /** Chooses the audio track of the muxed playlist. @throws AppError BAD_REQUEST when there is no such track */
  async selectAudio(index: number, signal: AbortSignal): Promise<void> {
    await this.#opening.playable(signal);
    const count = this.#facts?.audio.length ?? 0;
    if (index >= count) {
      throw new AppError('BAD_REQUEST', `The field "index" must be below ${count}, the number of audio tracks.`);
    }
    if (index === this.#audioIndex()) return;
    const positionSeconds = this.#position.changeTrack();
    this.#waits.endAll(movedOn());
    this.#change({ audioIndex: index, positionSeconds });
    this.#options.log.info({ index, positionSeconds }, 'audio track chosen');
  }

  /** Lets go of the item until the next request. */
  async release(): Promise<void> {
    await this.#opening.release();
  }

  async close(): Promise<void> {
    const ended = new AppError('NOT_FOUND', 'The session has ended.');
    this.#waits.endAll(ended);
    this.#end.abort(ended);
    await this.#opening.close();
  }

  async *#whileBusy<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    this.#work += 1;
    try {
      yield* items;
    } finally {
      this.#work -= 1;
    }
  }

  #opened(playable: Playable): void {
    this.#facts = factsOf(playable);
    this.#options.log.info({ durationSeconds: this.#facts.durationSeconds, why: this.#facts.why }, 'source opened');
  }

  async #holdFirstInfo(signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.timeout(this.#options.infoHoldMs);
    try {
      await this.#opening.playable(AbortSignal.any([signal, limit]));
    } catch {
      signal.throwIfAborted();
    }
    this.#infoAsked = true;
  }

  #info(): SessionInfo {
    const { failure } = this.#opening;
    // An address may turn out to be a torrent.
    const transfer = this.#options.playables.transfer?.(this.#record.source);
    return sessionInfo({
      id: this.id,
      source: this.#record.source.uri,
      kind: this.#record.kind,
      createdAtMs: this.#record.createdAtMs,
      startSeconds: this.#record.startSeconds,
      positionSeconds: this.#position.seconds,
      audioIndex: this.#audioIndex(),
      status: this.#status(),
      error: failure === undefined ? undefined : sentenceOf(failure),
      facts: this.#facts,
      isTorrent: this.#isTorrent || transfer !== undefined,
      transfer,
    });
  }

  #status(): SessionStatus {
    if (this.#opening.failure !== undefined) return 'error';
    if (this.#facts === undefined) return 'starting';
    return this.#options.now() - this.#lastSegmentAtMs < STREAMING_MS ? 'streaming' : 'ready';
  }

  #audioIndex(): number {
    return this.#record.audioIndex ?? defaultAudioIndex(this.#facts?.audio ?? []);
  }

  #seek(seek: Seek, duration: number | undefined): number {
    const answer = this.#position.seek(clamp(seek.seconds, duration), seek.id);
    if (!answer.isNew) return answer.seconds;
    this.#waits.endOutside(answer.seconds, movedOn());
    this.#change({ positionSeconds: answer.seconds });
    this.#options.log.info({ seconds: answer.seconds }, 'seek');
    return answer.seconds;
  }

  async #rendition(name: string, signal: AbortSignal): Promise<{ presentation: Presentation; rendition: Rendition }> {
    const presentation = await this.#opening.playable(signal);
    const rendition = isRelayed(presentation) ? undefined : presentation.rendition(name);
    if (isRelayed(presentation) || rendition === undefined) {
      throw new AppError('NOT_FOUND', `There is no variant "${name.slice(0, 40)}" in this session.`);
    }
    return { presentation, rendition };
  }

  #segment(rendition: Rendition, number: number, signal: AbortSignal): Promise<SegmentReply> {
    if (number + 1 >= rendition.timeline.boundaries.length) throw unknownName();
    const place = segmentSeconds(rendition.timeline, number);
    this.#position.segmentRequested(place.end);
    this.#lastSegmentAtMs = this.#options.now();
    return this.#waits.run(place, signal, async (interest) => {
      const segment = await rendition.segment(number, this.id, interest);
      return { segment, format: rendition.format };
    });
  }

  async #relayedText(relayed: RelayedPlaylist, wishes: RelayedWishes, signal: AbortSignal): Promise<string> {
    const text = found(await relayed.playlist({ name: undefined, prefix: wishes.prefix }, signal));
    const chosen = this.#record.audioIndex === undefined ? text : chooseRelayedAudio(text, this.#record.audioIndex);
    return wishes.startSeconds === undefined ? chosen : withStart(chosen, wishes.startSeconds);
  }

  #change(members: Partial<SessionRecord>): void {
    this.#record = { ...this.#record, ...members };
    this.#options.onChange(this.#record);
  }

  #coolDownMs(failures: number): number {
    if (this.#isTorrent) return TORRENT_COOL_DOWN_MS;
    return COOL_DOWN_MS[Math.min(failures, COOL_DOWN_MS.length) - 1] ?? 0;
  }
}

function clamp(seconds: number, duration: number | undefined): number {
  return Math.max(0, Math.min(seconds, duration ?? Infinity));
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw unknownName();
  return value;
}

function unknownName(): AppError {
  return new AppError('NOT_FOUND', 'There is no such segment in this session.');
}

/** Also the answer to a player that is still waiting for what a seek made unwanted; it may ask again. */
function movedOn(): AppError {
  return new AppError('NOT_READY', 'The viewer moved to another place.');
}

/** Only our own sentences are for people. */
function sentenceOf(error: unknown): string {
  return error instanceof AppError ? error.message : 'The source could not be opened.';
}
