// The messages to a device: for its applications, their media, and its volume. Makes no decisions.
import { setTimeout as delay } from 'node:timers/promises';

import { AppError } from '../base/app-error.ts';
import { CastChannel, NAMESPACE, RECEIVER, type ChannelOptions, type DeviceMessage } from './cast-channel.ts';
import { mediaInformation, trackId, type CastItem } from './cast-item.ts';
import { payloads, textIn, type Payload } from './payload.ts';
import {
  mediaStatus,
  receiverStatus,
  type MediaStatus,
  type ReceiverApplication,
  type ReceiverStatus,
} from './play-state.ts';

/** Google's receiver application for plain media, which every device has. */
const DEFAULT_MEDIA_RECEIVER = 'CC1AD845';
/** Some devices reply before the application runs. */
const LAUNCH_TRIES = 20;
const LAUNCH_STEP_MS = 250;

export class CastReceiver implements Disposable {
  readonly #channel: CastChannel;
  readonly #loadMs: number;

  private constructor(channel: CastChannel, loadMs: number) {
    this.#channel = channel;
    this.#loadMs = loadMs;
  }

  /** @throws AppError DEVICE_FAILED; the reason of the signal */
  static async open(options: ChannelOptions, signal: AbortSignal): Promise<CastReceiver> {
    return new CastReceiver(await CastChannel.open(options, signal), options.timings.loadMs);
  }

  get isOpen(): boolean {
    return this.#channel.isOpen;
  }

  async status(signal: AbortSignal): Promise<ReceiverStatus> {
    return receiverStatus((await this.#ask(RECEIVER, { type: 'GET_STATUS' }, signal)).payload);
  }

  /** Starts the default media receiver. @throws AppError DEVICE_FAILED when the device does not start it */
  async launch(signal: AbortSignal): Promise<ReceiverApplication> {
    const reply = await this.#ask(RECEIVER, { type: 'LAUNCH', appId: DEFAULT_MEDIA_RECEIVER }, signal);
    const sentence = 'The device does not start its media player';
    if (reply.type !== 'RECEIVER_STATUS') throw refused(sentence, reply.payload);
    let { application } = receiverStatus(reply.payload);
    for (let tries = 0; application?.appId !== DEFAULT_MEDIA_RECEIVER; tries += 1) {
      if (tries === LAUNCH_TRIES) throw new AppError('DEVICE_FAILED', sentence);
      await delay(LAUNCH_STEP_MS, undefined, { signal });
      ({ application } = await this.status(signal));
    }
    return application;
  }

  /** Opens the virtual connection to an application. */
  join(application: ReceiverApplication): void {
    this.#channel.join(application.transportId);
  }

  /** Loads the item and starts playback. @throws AppError DEVICE_FAILED when the device cannot play the item */
  async load(application: ReceiverApplication, item: CastItem, signal: AbortSignal): Promise<MediaStatus> {
    const load = {
      type: 'LOAD',
      sessionId: application.sessionId,
      media: mediaInformation(item),
      autoplay: true,
      currentTime: item.startSeconds,
      activeTrackIds: item.activeSubtitle === undefined ? [] : [trackId(item.activeSubtitle)],
    };
    const request = { destinationId: application.transportId, namespace: NAMESPACE.media, payload: load };
    const reply = await this.#channel.request({ ...request, timeoutMs: this.#loadMs }, signal);
    const status = statuses(reply)[0];
    if (reply.type === 'LOAD_CANCELLED')
      throw new AppError('DEVICE_FAILED', 'The device was told to play something else');
    if (reply.type !== 'MEDIA_STATUS' || status === undefined)
      throw refused('The device cannot play this', reply.payload);
    return status;
  }

  /** The media that the application plays. */
  async media(application: ReceiverApplication, signal: AbortSignal): Promise<MediaStatus[]> {
    return statuses(await this.#ask(application.transportId, { type: 'GET_STATUS' }, signal));
  }

  /** PAUSE, PLAY, SEEK, STOP. @throws AppError DEVICE_FAILED when the device refuses */
  async control(
    media: { application: ReceiverApplication; mediaSessionId: number },
    command: { type: string } & Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<MediaStatus[]> {
    const { application, mediaSessionId } = media;
    const reply = await this.#ask(application.transportId, { ...command, mediaSessionId }, signal);
    if (reply.type !== 'MEDIA_STATUS') throw refused('The device does not do that now', reply.payload);
    return statuses(reply);
  }

  async setVolume(volume: { level?: number; muted?: boolean }, signal: AbortSignal): Promise<ReceiverStatus> {
    const reply = await this.#ask(RECEIVER, { type: 'SET_VOLUME', volume }, signal);
    if (reply.type !== 'RECEIVER_STATUS') throw refused('The device does not change its volume', reply.payload);
    return receiverStatus(reply.payload);
  }

  [Symbol.dispose](): void {
    this.#channel[Symbol.dispose]();
  }

  #ask(
    destinationId: string,
    payload: { type: string } & Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<DeviceMessage> {
    const namespace = destinationId === RECEIVER ? NAMESPACE.receiver : NAMESPACE.media;
    return this.#channel.request({ destinationId, namespace, payload }, signal);
  }
}

/** The entries of a MEDIA_STATUS. */
export function statuses({ payload }: DeviceMessage): MediaStatus[] {
  return payloads(payload, 'status')
    .map(mediaStatus)
    .filter((each) => each !== undefined);
}

/** The error with the reason that the device states, if any. */
function refused(sentence: string, payload: Payload): AppError {
  const reason = textIn(payload, 'reason') ?? textIn(payload, 'detailedErrorCode');
  const code = payload.get('detailedErrorCode');
  const stated = reason ?? (typeof code === 'number' ? `error ${code}` : textIn(payload, 'type'));
  return new AppError('DEVICE_FAILED', stated === undefined ? sentence : `${sentence} (${stated.slice(0, 80)})`);
}
