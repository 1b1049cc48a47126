// One viewer of one item: the position, the selected audio track, and the requests in progress.
import { AppError } from '../base/app-error.ts';
import type { Logger } from '../base/logger.ts';
import { baseName } from '../media/clip/clip-name.ts';
import { checkSpan } from '../media/clip/clip-plan.ts';
import { namesTorrent } from '../sources/open/source-locator.ts';
import { defaultAudioIndex } from '../presentation/default-audio.ts';
import type { ItemInfo } from '../presentation/item-info.ts';
import { unknownSubtitles, type ItemOpener, type LocatedSegment, type MediaItem } from '../presentation/media-item.ts';
import { PlaybackPosition } from './playback-position.ts';
import { parseSubtitleName } from '../presentation/segment-name.ts';
import { SessionClips, type ClipInfo } from './session-clips.ts';
import { SessionItem } from './session-item.ts';
import { OngoingWork } from './ongoing-work.ts';
import { sessionInfo, type SessionInfo } from './session-info.ts';
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
import { PendingSegments } from './pending-segments.ts';

export interface SessionOptions {
  items: ItemOpener;
  /** Monotonic clock, milliseconds. */
  now(): number;
  log: Logger;
  /** How long the first request for session information waits for the item. */
  infoHoldMs: number;
  /** Called after a change that must survive a crash. */
  onChange(record: SessionRecord): void;
}

/** A session with a segment request within this time has the status `streaming`. */
const STREAMING_MS = 30_000;
const COOL_DOWN_MS = [200, 400, 800];
const TORRENT_COOL_DOWN_MS = 20_000;

export class Session {
  readonly #options: SessionOptions;
  readonly #item: SessionItem;
  readonly #position: PlaybackPosition;
  readonly #pending = new PendingSegments();
  readonly #clips = new SessionClips();
  readonly #work = new OngoingWork();
  readonly #end = new AbortController();
  readonly #isTorrent: boolean;
  #record: SessionRecord;
  #itemInfo: ItemInfo | undefined;
  #wasInfoRequested = false;
  #lastSegmentAtMs = -Infinity;

  constructor(record: SessionRecord, options: SessionOptions) {
    this.#record = record;
    this.#options = options;
    this.#isTorrent = namesTorrent(record.source.uri, record.source);
    this.#position = new PlaybackPosition(record.positionSeconds, options.now);
    this.#item = new SessionItem({
      open: (signal) => options.items.open(record.source, signal),
      viewer: record.id,
      coolDownMs: (failures) => this.#coolDownMs(failures),
      now: options.now,
      onOpen: (item) => this.#opened(item),
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
    return this.#pending.count > 0 || this.#work.isUnderWay;
  }

  get isOpen(): boolean {
    return this.#item.state !== 'idle';
  }

  /** Status for the reply that creates the session; that reply does not wait for the item. */
  get createdStatus(): 'starting' | 'ready' {
    return this.#itemInfo === undefined ? 'starting' : 'ready';
  }

  /** Records a request for this session. */
  touch(nowMs: number): void {
    this.#record = { ...this.#record, lastRequestAtMs: nowMs };
  }

  /** Begins to open the item, without waiting. */
  start(): void {
    this.#item.start();
  }

  /** State and facts. The first request waits up to `infoHoldMs` for the item; a failure is part of the reply. */
  async info(signal: AbortSignal): Promise<SessionInfo> {
    if (this.#wasInfoRequested) this.#item.start();
    else await this.#holdFirstInfo(signal);
    return this.#info();
  }

  /** State and facts without waiting; does not open the item. */
  summary(): SessionInfo {
    return this.#info();
  }

  async multivariant(signal: AbortSignal): Promise<string> {
    const item = await this.#item.get(signal);
    const { quality, startSeconds } = this.#record;
    return item.multivariant(
      { ...this.#audioChoice(), quality, startSeconds: startSeconds > 0 ? startSeconds : undefined },
      signal,
    );
  }

  async mediaPlaylist(rendition: string, signal: AbortSignal): Promise<string> {
    return (await this.#item.get(signal)).mediaPlaylist(rendition);
  }

  /** The playlist for a cast device, relative to the session, and the format of its segments when it is known. */
  async castPlaylist(signal: AbortSignal): Promise<{ playlist: string; format: 'mpegts' | undefined }> {
    return (await this.#item.get(signal)).castPlaylist(this.#audioIndex());
  }

  async init(rendition: string, signal: AbortSignal): Promise<Uint8Array> {
    return (await this.#item.get(signal)).init(rendition, signal);
  }

  async segment(rendition: string, name: string, signal: AbortSignal): Promise<SegmentReply> {
    const item = await this.#item.get(signal);
    return this.#segment(item.segment(rendition, name), signal);
  }

  /** The muxed playlist; waits while the item is being opened. */
  async muxed(request: MuxedRequest, signal: AbortSignal): Promise<MuxedPlaylistReply> {
    const item = await this.#item.get(signal);
    const { durationSeconds } = item.info;
    if (request.seek === undefined && this.#position.seconds > 0) {
      return { redirectSeconds: clamp(this.#position.seconds, durationSeconds) };
    }
    const startSeconds = request.seek === undefined ? undefined : this.#seek(request.seek, durationSeconds);
    const { prefix } = request;
    return { text: await item.muxedPlaylist({ ...this.#audioChoice(), startSeconds, prefix }, signal) };
  }

  /** A file next to `child.m3u8`: a muxed segment, or a URI of a relayed playlist. */
  async streamFile(name: string, range: string | undefined, signal: AbortSignal): Promise<StreamFileReply> {
    const item = await this.#item.get(signal);
    const file = await item.streamFile({ name, range, audioIndex: this.#audioIndex() }, signal);
    if ('get' in file) return this.#segment(file, signal);
    this.#lastSegmentAtMs = this.#options.now();
    return file;
  }

  /** A subtitle track as WebVTT, `0.vtt` for the first. The track is not read before its pieces are requested. */
  async subtitles(name: string, signal: AbortSignal): Promise<SubtitleReply> {
    const item = await this.#item.get(signal);
    const index = parseSubtitleName(name);
    if (index === undefined) throw unknownSubtitles();
    const text = item.subtitles(index, this.#position.seconds);
    return { ...text, pieces: (reading) => this.#work.duringAll(text.pieces(reading)) };
  }

  /** Makes a clip of `[start, end)` with the session's audio track; resolves with its path. @throws AppError BAD_REQUEST, UNSUPPORTED_MEDIA, ... */
  async clip(wanted: NewClip, signal: AbortSignal): Promise<string> {
    checkSpan(wanted);
    const item = await this.#item.get(signal);
    const { startSeconds, endSeconds, name, outputPath = '' } = wanted;
    const request = { startSeconds, endSeconds, audioIndex: this.#audioIndex(), name: name ?? baseName(outputPath) };
    const interest = AbortSignal.any([signal, this.#end.signal]);
    return this.#work.during(() => this.#clips.run(request, (counted) => item.clip(counted, interest)));
  }

  clips(): ClipInfo[] {
    return this.#clips.list();
  }

  /** Selects the audio track of the muxed playlist. @throws AppError BAD_REQUEST when there is no such track */
  async selectAudio(index: number, signal: AbortSignal): Promise<void> {
    await this.#item.get(signal);
    const count = this.#itemInfo?.audio.length ?? 0;
    if (index >= count) {
      throw new AppError('BAD_REQUEST', `The field "index" must be below ${count}, the number of audio tracks`);
    }
    if (index === this.#audioIndex()) return;
    const positionSeconds = this.#position.changeTrack();
    this.#pending.endAll(obsoleteRequest());
    this.#change({ audioIndex: index, positionSeconds });
    this.#options.log.info({ index, positionSeconds }, 'audio track selected');
  }

  /** Releases the item until the next request. */
  async release(): Promise<void> {
    await this.#item.release();
  }

  async close(): Promise<void> {
    const ended = new AppError('NOT_FOUND', 'The session has ended');
    this.#pending.endAll(ended);
    this.#end.abort(ended);
    await this.#item.close();
  }

  #opened({ info }: MediaItem): void {
    this.#itemInfo = info;
    this.#options.log.info({ durationSeconds: info.durationSeconds, why: info.why }, 'source opened');
  }

  async #holdFirstInfo(signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.timeout(this.#options.infoHoldMs);
    try {
      await this.#item.get(AbortSignal.any([signal, limit]));
    } catch {
      signal.throwIfAborted();
    }
    this.#wasInfoRequested = true;
  }

  #info(): SessionInfo {
    return sessionInfo({
      record: this.#record,
      positionSeconds: this.#position.seconds,
      audioIndex: this.#audioIndex(),
      isStreaming: this.#options.now() - this.#lastSegmentAtMs < STREAMING_MS,
      failure: this.#item.failure,
      item: this.#itemInfo,
      isTorrent: this.#isTorrent,
      // A URL may turn out to be a torrent.
      transfer: this.#options.items.transfer?.(this.#record.source),
    });
  }

  #audioIndex(): number {
    return this.#record.audioIndex ?? defaultAudioIndex(this.#itemInfo?.audio ?? []);
  }

  #seek(seek: Seek, duration: number | undefined): number {
    const answer = this.#position.seek(clamp(seek.seconds, duration), seek.id);
    if (!answer.isNew) return answer.seconds;
    this.#pending.endOutside(answer.seconds, obsoleteRequest());
    this.#change({ positionSeconds: answer.seconds });
    this.#options.log.info({ seconds: answer.seconds }, 'seek');
    return answer.seconds;
  }

  #audioChoice(): { audioIndex: number; chosenAudioIndex: number | undefined } {
    return { audioIndex: this.#audioIndex(), chosenAudioIndex: this.#record.audioIndex };
  }

  #segment(located: LocatedSegment, signal: AbortSignal): Promise<SegmentReply> {
    const { startSeconds: start, endSeconds: end, format } = located;
    this.#position.segmentRequested(end);
    this.#lastSegmentAtMs = this.#options.now();
    const beganMs = this.#options.now();
    return this.#pending.run({ start, end }, signal, async (interest) => {
      const segment = await located.get(this.id, interest);
      const tookMs = Math.round(this.#options.now() - beganMs);
      this.#options.log.debug({ startSeconds: start, tookMs, sizeBytes: segment.sizeBytes }, 'segment answered');
      return { segment, format };
    });
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

/** Ends the requests that a seek or a change of track made obsolete. A player that still waits gets it as reply, and may try again. */
function obsoleteRequest(): AppError {
  return new AppError('NOT_READY', 'The viewer moved to another place');
}
