// The reply to `GET /sessions/{id}`: the state of a session and the facts about its item, in the fields that clients expect.
import { AppError } from '../base/app-error.ts';
import type { SessionRecord } from '../state/session-store.ts';
import type { AudioInfo, ItemInfo, SubtitleInfo, VideoInfo } from '../presentation/item-info.ts';
import type { TransferInfo } from '../presentation/media-item.ts';

type SessionStatus = 'starting' | 'ready' | 'streaming' | 'error';

export interface StreamInfo {
  /** Ordinal among the tracks of its type. */
  index: number;
  type: 'audio' | 'subtitle';
  codec: string;
  language: string;
  title: string;
  default: boolean;
  channels?: number;
  forced?: boolean;
  /** Path of the whole track as WebVTT. */
  url?: string;
  /** A sentence: why a subtitle track has no url, or an audio track plays as silence. */
  reason?: string;
}

export interface SessionInfo {
  id: string;
  source: string;
  kind: string;
  createdAt: string;
  startTime: number;
  status: SessionStatus;
  /** A sentence; only with status `error`. */
  error?: string;
  durationSeconds: number;
  chapters: { startTime: number; endTime: number; title: string }[];
  audioIndex: number;
  availableStreams: StreamInfo[];
  isTorrent: boolean;
  torrentInfoHash?: string;
  /** 0-100: downloaded share of a torrent's file; 100 for any other source once it was opened. */
  progress: number;
  peers: number;
  downloadSpeed: string;
  fileSize: number;
  canSeek: boolean;
  position: number;
  video?: { codec: string; width: number; height: number; frameRate?: number; hdr?: 'PQ' | 'HLG'; reason?: string };
  variants: { name: string; bandwidth: number; codecs: string; width?: number; height?: number; frameRate?: number }[];
  /** Sentences: why video or audio are not copied; empty when both are. */
  why: string[];
}

export interface SessionState {
  record: SessionRecord;
  positionSeconds: number;
  audioIndex: number;
  /** A segment was requested a short time ago. */
  isStreaming: boolean;
  /** Why the last attempt to open the item failed. */
  failure: unknown;
  /** Undefined until the item was opened once. */
  item: ItemInfo | undefined;
  /** Whether the source names a torrent. */
  isTorrent: boolean;
  /** The state of a torrent; also undefined while it is unknown. */
  transfer: TransferInfo | undefined;
}

export function sessionInfo(state: SessionState): SessionInfo {
  const { record, item, transfer, failure } = state;
  const isTorrent = state.isTorrent || transfer !== undefined;
  return {
    id: record.id,
    source: record.source.uri,
    kind: isTorrent ? 'torrent' : record.kind,
    createdAt: new Date(record.createdAtMs).toISOString(),
    startTime: record.startSeconds,
    status: statusOf(state),
    ...(failure === undefined ? {} : { error: sentenceOf(failure) }),
    durationSeconds: item?.durationSeconds ?? 0,
    chapters: (item?.chapters ?? []).map(({ startSeconds, endSeconds, title }) => ({
      startTime: startSeconds,
      endTime: endSeconds,
      title,
    })),
    audioIndex: state.audioIndex,
    availableStreams:
      item === undefined ? [] : [...item.audio.map(audioInfo), ...item.subtitles.map(subtitleInfo(record.id))],
    isTorrent,
    ...(transfer === undefined ? {} : { torrentInfoHash: transfer.infoHash }),
    progress: transfer?.progress ?? (item === undefined || isTorrent ? 0 : 100),
    peers: transfer?.peers ?? 0,
    downloadSpeed: speedText(transfer?.downloadSpeed ?? 0),
    fileSize: item?.fileSizeBytes ?? transfer?.sizeBytes ?? 0,
    canSeek: item?.canSeek ?? false,
    position: state.positionSeconds,
    ...(item?.video === undefined ? {} : { video: videoInfo(item.video) }),
    variants: (item?.variants ?? []).map(({ name, bandwidth, codecs, width, height, frameRate }) => ({
      name,
      bandwidth,
      codecs,
      ...defined({ width, height, frameRate }),
    })),
    why: item?.why ?? [],
  };
}

function statusOf({ failure, item, isStreaming }: SessionState): SessionStatus {
  if (failure !== undefined) return 'error';
  if (item === undefined) return 'starting';
  return isStreaming ? 'streaming' : 'ready';
}

/** Only the sentences of AppErrors are written for users. */
function sentenceOf(error: unknown): string {
  return error instanceof AppError ? error.message : 'The source could not be opened';
}

const SPEED_UNITS = ['B/s', 'kB/s', 'MB/s', 'GB/s'] as const;

/** "5.2 MB/s": the first unit in which the rounded value is below 1000. */
function speedText(bytesPerSecond: number): string {
  const values = SPEED_UNITS.map((_, power) => (bytesPerSecond / 1000 ** power).toFixed(power === 0 ? 0 : 1));
  const fitting = values.findIndex((value) => Number(value) < 1000);
  const power = fitting === -1 ? values.length - 1 : fitting;
  return `${values[power]} ${SPEED_UNITS[power]}`;
}

function audioInfo(track: AudioInfo, index: number): StreamInfo {
  const { codec, language, title, isDefault, channels, reason } = track;
  return {
    index,
    type: 'audio',
    codec: codec ?? '',
    language,
    title,
    default: isDefault,
    ...defined({ channels }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function subtitleInfo(id: string): (track: SubtitleInfo, index: number) => StreamInfo {
  return ({ codec, language, title, isDefault, isForced, reason }, index) => {
    const access = reason === undefined ? { url: `/sessions/${id}/subtitles/${index}.vtt` } : { reason };
    return { index, type: 'subtitle', codec, language, title, default: isDefault, forced: isForced, ...access };
  };
}

function videoInfo(video: VideoInfo): NonNullable<SessionInfo['video']> {
  const { codec, width, height, frameRate, hdr, reason } = video;
  const texts = { ...(hdr === undefined ? {} : { hdr }), ...(reason === undefined ? {} : { reason }) };
  return { codec, width, height, ...defined({ frameRate }), ...texts };
}

/** The members that have a value: JSON has no `undefined`. */
function defined<Name extends string>(members: Record<Name, number | undefined>): Partial<Record<Name, number>> {
  const present: Partial<Record<Name, number>> = {};
  for (const name in members) {
    if (members[name] !== undefined) present[name] = members[name];
  }
  return present;
}
