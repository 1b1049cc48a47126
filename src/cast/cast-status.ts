// What a caller is told of one device: the state of what plays, in words and figures.
import type { AppError } from '../base/app-error.ts';
import { trackId, type CastItem } from './cast-item.ts';
import type { MediaStatus, PlayState, Volume } from './play-state.ts';

export interface CastStatus {
  state: PlayState;
  positionSeconds: number;
  durationSeconds: number;
  volume: Volume;
  /** What plays, when we started it. */
  sessionId: string | undefined;
  /** The device's own number for it. */
  mediaSessionId: number | undefined;
  title: string | undefined;
  /** Name of the application that runs there. */
  application: string | undefined;
  /** `index` of the subtitle that is shown. */
  subtitleTrack: number | undefined;
  /** Why it does not play, in a sentence. */
  error: string | undefined;
}

export interface CastStatusInput {
  /** What this server started, and how it goes; undefined: nothing. */
  item: CastItem | undefined;
  media: MediaStatus | undefined;
  volume: Volume;
  /** Name of the application that runs on the device. */
  application: string | undefined;
  /** Why the device could not be asked. */
  failure: AppError | undefined;
}

export function castStatus({ item, media, volume, application, failure }: CastStatusInput): CastStatus {
  const ended = media !== undefined && isUnexpected(media.state) ? sentenceOf(media.state) : undefined;
  return {
    state: media?.state ?? 'idle',
    positionSeconds: media?.positionSeconds ?? 0,
    durationSeconds: media?.durationSeconds ?? item?.durationSeconds ?? 0,
    volume,
    sessionId: item?.sessionId,
    mediaSessionId: media?.mediaSessionId,
    title: item?.title,
    application,
    subtitleTrack: shownSubtitle(media),
    error: failure?.message ?? ended,
  };
}

function shownSubtitle(media: MediaStatus | undefined): number | undefined {
  const [id] = media?.activeTrackIds ?? [];
  return id === undefined ? undefined : id - trackId(0);
}

function isUnexpected(state: PlayState): boolean {
  return state === 'taken' || state === 'failed';
}

/** Why nothing plays. */
export function sentenceOf(state: PlayState): string {
  if (state === 'taken') return 'Something else was started on the device';
  if (state === 'failed') return 'The device could not go on playing this';
  if (state === 'finished') return 'The film has ended on the device';
  return 'The film was stopped on the device';
}
