// Playback on one device: starts an item, follows the notifications of the device, and reconnects after a lost connection.
import { AppError } from '../base/app-error.ts';
import type { Logger } from '../base/logger.ts';
import { SingleFlight } from '../base/single-flight.ts';
import { untilAborted } from '../base/until-aborted.ts';
import { NAMESPACE, type CastTimings, type DeviceMessage } from './cast-channel.ts';
import type { CastDevice } from './cast-device.ts';
import { trackId, type CastItem } from './cast-item.ts';
import { CastReceiver, statuses } from './cast-receiver.ts';
import { castStatus, sentenceOf, type CastStatus, type CastStatusInput } from './cast-status.ts';
import {
  isOver,
  receiverStatus,
  type MediaStatus,
  type PlayState,
  type ReceiverApplication,
  type Volume,
} from './play-state.ts';

interface Playing {
  item: CastItem;
  application: ReceiverApplication;
  media: MediaStatus;
  error: AppError | undefined;
  isReleased: boolean;
}

export class CastPlayer implements Disposable {
  #device: CastDevice;
  readonly #timings: CastTimings;
  readonly #log: Logger;
  #receiver: CastReceiver | undefined;
  #playing: Playing | undefined;
  readonly #connecting = new SingleFlight<CastReceiver>();
  readonly #life = new AbortController();
  #attempt = new AbortController();
  #volume: Volume = { level: 1, muted: false };
  #application: ReceiverApplication | undefined;

  constructor(device: CastDevice, { timings, log }: { timings: CastTimings; log: Logger }) {
    this.#device = device;
    this.#timings = timings;
    this.#log = log;
  }

  get device(): CastDevice {
    return this.#device;
  }

  /** Whether an item of this server plays on the device, by the last known state. */
  get isUsed(): boolean {
    return this.#playing !== undefined && !isOver(this.#playing.media.state);
  }

  get isConnected(): boolean {
    return this.#receiver?.isOpen === true;
  }

  /** Sets the current address of the device, for the next connection. */
  moveTo(device: CastDevice): void {
    this.#device = device;
  }

  /** Plays `item` in place of what the device plays. A later call aborts an earlier one. @throws AppError DEVICE_FAILED */
  async play(item: CastItem, signal: AbortSignal): Promise<void> {
    this.#attempt.abort(new AppError('DEVICE_FAILED', 'The device was told to play something else'));
    this.#attempt = new AbortController();
    const attempt = this.#attempt.signal;
    const wanted = AbortSignal.any([signal, attempt]);
    try {
      const receiver = await this.#connected(wanted);
      const application = await receiver.launch(wanted);
      receiver.join(application);
      // From the LOAD request on, the item plays whether the caller stays or not.
      const media = await receiver.load(application, item, attempt);
      this.#release();
      this.#playing = { item, application, media, error: undefined, isReleased: false };
      this.#log.info({ device: this.#device.name, session: item.sessionId }, 'cast started');
    } catch (error) {
      item.release();
      throw error;
    }
  }

  /** The current status. When an item of this server was started on the device, an unreachable device is part of the status, not an error. */
  async status(signal: AbortSignal): Promise<CastStatus> {
    try {
      await this.#withReceiver((receiver) => this.#refresh(receiver, signal), signal);
      return castStatus({ ...this.#known(), failure: undefined });
    } catch (error) {
      signal.throwIfAborted();
      if (this.#playing === undefined || !(error instanceof AppError)) throw error;
      return castStatus({ ...this.#known(), failure: error });
    }
  }

  async pause(signal: AbortSignal): Promise<void> {
    await this.#command({ type: 'PAUSE' }, signal);
  }

  async resume(signal: AbortSignal): Promise<void> {
    await this.#command({ type: 'PLAY' }, signal);
  }

  async seek(seconds: number, signal: AbortSignal): Promise<void> {
    await this.#command({ type: 'SEEK', currentTime: seconds }, signal);
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#command({ type: 'STOP' }, signal);
    if (this.#playing !== undefined) this.#end(this.#playing, 'stopped');
    this.#disconnect();
  }

  /** Shows a subtitle track of the item; undefined: none. */
  async showSubtitle(index: number | undefined, signal: AbortSignal): Promise<void> {
    const activeTrackIds = index === undefined ? [] : [trackId(index)];
    await this.#command({ type: 'EDIT_TRACKS_INFO', activeTrackIds }, signal);
  }

  async setVolume(volume: { level?: number; muted?: boolean }, signal: AbortSignal): Promise<Volume> {
    await this.#withReceiver(async (receiver) => {
      this.#volume = (await receiver.setVolume(volume, signal)).volume;
    }, signal);
    return this.#volume;
  }

  [Symbol.dispose](): void {
    const reason = new AppError('DEVICE_FAILED', 'The connection to the device was given up');
    this.#attempt.abort(reason);
    this.#life.abort(reason);
    this.#release();
    this.#disconnect();
  }

  /** @throws AppError NOT_PLAYING when no item of this server plays on the device */
  async #command(command: { type: string } & Record<string, unknown>, signal: AbortSignal): Promise<void> {
    this.#current();
    await this.#withReceiver(async (receiver) => {
      const { application, media } = this.#current();
      const { mediaSessionId } = media;
      this.#update(await receiver.control({ application, mediaSessionId }, command, signal));
    }, signal);
  }

  #current(): Playing {
    const playing = this.#playing;
    if (playing === undefined) throw notPlaying('Nothing of this server plays on this device');
    if (isOver(playing.media.state)) throw playing.error ?? notPlaying(sentenceOf(playing.media.state));
    return playing;
  }

  /** The connection, shared by concurrent calls; a new one after the old one broke. */
  async #connected(signal: AbortSignal): Promise<CastReceiver> {
    if (this.#receiver?.isOpen === true) return this.#receiver;
    return untilAborted(
      this.#connecting.run('', () => this.#connect(this.#life.signal)),
      signal,
    );
  }

  /** Connects, and joins the running application again. */
  async #connect(signal: AbortSignal): Promise<CastReceiver> {
    const { host, port, name } = this.#device;
    const onNotification = (message: DeviceMessage) => this.#notified(message);
    const onClose = (reason: AppError) => this.#log.debug({ err: reason, device: name }, 'cast connection closed');
    const receiver = await CastReceiver.open({ host, port, timings: this.#timings, onNotification, onClose }, signal);
    try {
      if (this.isUsed) this.#setApplication((await receiver.status(signal)).application);
      if (this.isUsed && this.#playing !== undefined) receiver.join(this.#playing.application);
      signal.throwIfAborted();
    } catch (error) {
      receiver[Symbol.dispose]();
      throw error;
    }
    this.#receiver = receiver;
    return receiver;
  }

  /** Runs `command`; when the connection breaks meanwhile, once more on a new connection. So every command may be sent twice. */
  async #withReceiver(command: (receiver: CastReceiver) => Promise<void>, signal: AbortSignal): Promise<void> {
    const receiver = await this.#connected(signal);
    try {
      await command(receiver);
    } catch (error) {
      signal.throwIfAborted();
      if (receiver.isOpen) throw error;
      await command(await this.#connected(signal));
    }
  }

  /** Queries the running application and the position of the item. */
  async #refresh(receiver: CastReceiver, signal: AbortSignal): Promise<void> {
    const { application, volume } = await receiver.status(signal);
    this.#volume = volume;
    this.#setApplication(application);
    const playing = this.#playing;
    if (playing === undefined || isOver(playing.media.state)) return;
    const reported = await receiver.media(playing.application, signal);
    if (reported.length === 0) this.#end(playing, 'stopped');
    else this.#update(reported);
  }

  #notified(message: DeviceMessage): void {
    const playing = this.#playing;
    if (message.namespace === NAMESPACE.receiver && message.type === 'RECEIVER_STATUS') {
      const { application, volume } = receiverStatus(message.payload);
      this.#volume = volume;
      this.#setApplication(application);
    }
    if (playing === undefined || message.sourceId !== playing.application.transportId) return;
    if (message.namespace === NAMESPACE.media && message.type === 'MEDIA_STATUS') this.#update(statuses(message));
    if (message.namespace === NAMESPACE.connection && message.type === 'CLOSE') this.#end(playing, 'taken');
  }

  #setApplication(application: ReceiverApplication | undefined): void {
    this.#application = application?.isIdleScreen === true ? undefined : application;
    const playing = this.#playing;
    if (playing !== undefined && application?.sessionId !== playing.application.sessionId) this.#end(playing, 'taken');
  }

  /** A different media session means that another sender took over the device. */
  #update(reported: MediaStatus[]): void {
    const playing = this.#playing;
    if (playing === undefined || reported.length === 0) return;
    const ours = reported.find(({ mediaSessionId }) => mediaSessionId === playing.media.mediaSessionId);
    if (ours === undefined) return this.#end(playing, 'taken');
    const { positionSeconds, durationSeconds } = playing.media;
    // An idle device reports neither position nor duration.
    playing.media = isOver(ours.state) ? { ...ours, positionSeconds, durationSeconds } : ours;
    if (isOver(ours.state)) this.#end(playing, ours.state);
  }

  #end(playing: Playing, state: PlayState): void {
    if (playing.isReleased) return;
    playing.media = { ...playing.media, state };
    if (state === 'failed') playing.error = new AppError('DEVICE_FAILED', sentenceOf(state));
    this.#log.info({ device: this.#device.name, session: playing.item.sessionId, state }, 'cast ended');
    this.#release();
  }

  #release(): void {
    const playing = this.#playing;
    if (playing === undefined || playing.isReleased) return;
    playing.isReleased = true;
    playing.item.release();
  }

  #disconnect(): void {
    this.#receiver?.[Symbol.dispose]();
    this.#receiver = undefined;
  }

  #known(): Omit<CastStatusInput, 'failure'> {
    const { item, media } = this.#playing ?? {};
    return { item, media, volume: this.#volume, application: this.#application?.name };
  }
}

function notPlaying(sentence: string): AppError {
  return new AppError('NOT_PLAYING', sentence, { hint: 'Start it with POST /cast/devices/{id}/play' });
}
