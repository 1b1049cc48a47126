// Translates the reports of a device into the states of this API.
import type { Payload } from './payload.ts';
import { numberIn, payloadOf, textIn } from './payload.ts';

export type PlayState =
  | 'idle'
  | 'loading'
  | 'buffering'
  | 'playing'
  | 'paused'
  | 'finished'
  | 'stopped'
  | 'taken'
  | 'failed';

export interface MediaStatus {
  mediaSessionId: number;
  state: PlayState;
  positionSeconds: number;
  /** As the device states it. */
  durationSeconds: number | undefined;
  activeTrackIds: number[];
}

const STATES = new Map<string, PlayState>([
  ['PLAYING', 'playing'],
  ['PAUSED', 'paused'],
  ['BUFFERING', 'buffering'],
  ['LOADING', 'loading'],
]);
/** By `idleReason`. */
const ENDS = new Map<string, PlayState>([
  ['FINISHED', 'finished'],
  ['CANCELLED', 'stopped'],
  ['INTERRUPTED', 'taken'],
  ['ERROR', 'failed'],
]);

/** One entry of MEDIA_STATUS; undefined when it names no media session. */
export function mediaStatus(status: Payload): MediaStatus | undefined {
  const mediaSessionId = numberIn(status, 'mediaSessionId');
  if (mediaSessionId === undefined) return undefined;
  const playerState = textIn(status, 'playerState') ?? 'IDLE';
  const tracks: unknown = status.get('activeTrackIds');
  return {
    mediaSessionId,
    state: STATES.get(playerState) ?? ENDS.get(textIn(status, 'idleReason') ?? '') ?? 'idle',
    positionSeconds: Math.max(0, numberIn(status, 'currentTime') ?? 0),
    durationSeconds: numberIn(payloadOf(status.get('media')), 'duration'),
    activeTrackIds: Array.isArray(tracks) ? tracks.filter((each) => typeof each === 'number') : [],
  };
}

/** Whether playback of the media has ended. */
export function isOver(state: PlayState): boolean {
  return state === 'finished' || state === 'stopped' || state === 'taken' || state === 'failed';
}

export interface Volume {
  /** 0 to 1. */
  level: number;
  muted: boolean;
}

export interface ReceiverApplication {
  appId: string;
  name: string;
  /** Destination id of messages to the application. */
  transportId: string;
  sessionId: string;
  isIdleScreen: boolean;
}

export interface ReceiverStatus {
  application: ReceiverApplication | undefined;
  volume: Volume;
}

/** Reads a RECEIVER_STATUS. */
export function receiverStatus(message: Payload): ReceiverStatus {
  const status = payloadOf(message.get('status'));
  const volume = payloadOf(status?.get('volume'));
  const applications: unknown = status?.get('applications');
  const application = payloadOf(Array.isArray(applications) ? applications[0] : undefined);
  return {
    application: application && applicationOf(application),
    volume: { level: numberIn(volume, 'level') ?? 1, muted: volume?.get('muted') === true },
  };
}

function applicationOf(application: Payload): ReceiverApplication | undefined {
  const [appId, transportId] = [textIn(application, 'appId'), textIn(application, 'transportId')];
  const sessionId = textIn(application, 'sessionId');
  if (appId === undefined || transportId === undefined || sessionId === undefined) return undefined;
  const name = textIn(application, 'displayName') ?? appId;
  return { appId, name, transportId, sessionId, isIdleScreen: application.get('isIdleScreen') === true };
}
