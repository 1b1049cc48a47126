// A Chromecast without a screen: CASTV2 as the package `castv2` speaks it, and a media player that really fetches what it is told to play.
import { once } from 'node:events';
import { Server } from 'castv2';
import protocol from 'castv2/lib/proto.js';
import { generate } from 'selfsigned';

import { at } from '../http/json.ts';
import { fetchSegment, fetchStream, segmentAt, type FetchedStream, type MediaInformation } from './receiver-fetches.ts';

const SPACE = 'urn:x-cast:com.google.cast.';
const APP_ID = 'CC1AD845';

const CERTIFICATE = generate([{ name: 'commonName', value: 'Fake Chromecast' }], { keySize: 2048 }).then(
  ({ private: key, cert }) => ({ key, cert }),
);

export interface ReceiverFaults {
  /** Types of messages that get no answer. */
  deaf?: string[];
  /** Answers nothing at all any more, not even pings. */
  isDead?: boolean;
  launchError?: string;
  /** Refuses every LOAD. */
  loadFails?: boolean;
  /** LOAD is not even tried: no fetches. */
  isBlind?: boolean;
  /** The application is only there after some more questions. */
  slowLaunches?: number;
}

interface Message {
  client: string;
  source: string;
  destination: string;
  space: string;
  type: string;
  requestId: number;
  text: string;
}

interface Media {
  mediaSessionId: number;
  information: MediaInformation;
  state: string;
  position: number;
  sinceMs: number;
  activeTrackIds: unknown;
  stream: FetchedStream | undefined;
}

/** Listens on 127.0.0.1. */
export class FakeReceiver implements AsyncDisposable {
  faults: ReceiverFaults = {};
  /** Types of all messages that came, in order. */
  readonly heard: string[] = [];
  /** The last LOAD, as it came. */
  load: string | undefined;
  /** Why the last LOAD failed. */
  failure: string | undefined;
  volume = { level: 0.5, muted: false };
  /** `sessionId` of the application that runs; undefined: none. */
  application: { appId: string; sessionId: string; displayName: string } | undefined;
  media: Media | undefined;
  readonly #server: Server;
  #sessions = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('message', (...words: string[]) => {
      const [client = '', source = '', destination = '', space = '', text = ''] = words;
      const type = String(at(text, 'type'));
      const requestId = Number(at(text, 'requestId') ?? 0);
      this.heard.push(type);
      const message = { client, source, destination, space: space.replace(SPACE, ''), type, requestId, text };
      if (this.faults.isDead !== true && this.faults.deaf?.includes(type) !== true) this.#hear(message);
    });
    server.on('error', () => undefined);
    server.server.on('tlsClientError', () => undefined);
    server.server.on('secureConnection', (socket) => socket.on('error', () => undefined));
  }

  static async start(): Promise<FakeReceiver> {
    const server = new Server(await CERTIFICATE);
    const receiver = new FakeReceiver(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await protocolLoaded();
    return receiver;
  }

  get port(): number {
    const address = this.#server.server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  /** Open connections of senders. */
  get connections(): number {
    return Object.keys(this.#server.clients).length;
  }

  get position(): number {
    const media = this.media;
    if (media === undefined) return 0;
    return media.state === 'PLAYING' ? media.position + (performance.now() - media.sinceMs) / 1000 : media.position;
  }

  /** Resets every connection. */
  cut(): void {
    for (const { socket } of Object.values(this.#server.clients)) socket.destroy();
  }

  /** Bytes that are not ours to explain. */
  sendRaw(bytes: Uint8Array): void {
    for (const { socket } of Object.values(this.#server.clients)) socket.write(bytes);
  }

  /** Pings as fast as it can, and reads no answer, for as long as the senders put up with it. */
  async pester(): Promise<void> {
    const [client = ''] = Object.keys(this.#server.clients);
    const socket = this.#server.clients[client]?.socket;
    socket?.removeAllListeners('readable');
    socket?.pause();
    while (socket !== undefined && !socket.destroyed) {
      for (let count = 0; count < 1000; count += 1) {
        this.#server.send(client, 'receiver-0', 'sender-0', `${SPACE}tp.heartbeat`, '{"type":"PING"}');
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Another sender loads something in the same application. */
  takeOver(): void {
    if (this.media === undefined) throw new Error('nothing plays');
    this.#tell('media', {
      type: 'MEDIA_STATUS',
      requestId: 0,
      status: [{ ...this.#status(), playerState: 'IDLE', idleReason: 'INTERRUPTED' }],
    });
    this.media = { ...this.media, mediaSessionId: this.media.mediaSessionId + 1 };
    this.#tell('media', { type: 'MEDIA_STATUS', requestId: 0, status: [this.#status()] });
  }

  /** Another sender starts another application. */
  launchOther(): void {
    const gone = this.application;
    this.application = { appId: '233637DE', sessionId: 'other', displayName: 'Tube' };
    this.media = undefined;
    this.#tell('receiver', this.#receiverStatus(0));
    this.#tell('tp.connection', { type: 'CLOSE' }, gone?.sessionId);
  }

  /** The film comes to its end, or breaks. */
  end(idleReason: 'FINISHED' | 'ERROR'): void {
    this.#tell('media', {
      type: 'MEDIA_STATUS',
      requestId: 0,
      status: [{ ...this.#status(), playerState: 'IDLE', idleReason }],
    });
    this.media = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    if (this.#server.server.listening) await once(this.#server.server.close(), 'close');
  }

  #hear(message: Message): void {
    if (message.space === 'tp.heartbeat' && message.type === 'PING') return this.#reply(message, { type: 'PONG' });
    if (message.space === 'receiver') this.#hearReceiver(message);
    if (message.space === 'media') void this.#hearMedia(message);
  }

  #hearReceiver(message: Message): void {
    const { type, requestId, text } = message;
    if (type === 'LAUNCH') {
      if (this.faults.launchError !== undefined)
        return this.#reply(message, { type: 'LAUNCH_ERROR', requestId, reason: this.faults.launchError });
      this.#reply(message, { type: 'LAUNCH_STATUS', requestId, launchRequestId: requestId, status: 'USER_ALLOWED' });
      if (this.faults.slowLaunches === undefined) this.#launch();
    }
    if (this.faults.slowLaunches !== undefined && type === 'GET_STATUS') {
      this.faults.slowLaunches -= 1;
      if (this.faults.slowLaunches <= 0) this.#launch();
    }
    if (type === 'SET_VOLUME') {
      const [level, muted] = [at(text, 'volume.level'), at(text, 'volume.muted')];
      if (typeof level === 'number') this.volume = { ...this.volume, level };
      if (typeof muted === 'boolean') this.volume = { ...this.volume, muted };
    }
    this.#reply(message, this.#receiverStatus(requestId));
  }

  #launch(): void {
    if (this.application?.appId === APP_ID) return;
    this.#sessions += 1;
    this.application = { appId: APP_ID, sessionId: `session-${this.#sessions}`, displayName: 'Default Media Receiver' };
  }

  async #hearMedia(message: Message): Promise<void> {
    const { type, requestId, text } = message;
    if (message.destination !== this.application?.sessionId) return;
    if (type === 'LOAD') return this.#load(message);
    const { media } = this;
    if (type !== 'GET_STATUS' && (media === undefined || at(text, 'mediaSessionId') !== media.mediaSessionId)) {
      return this.#reply(message, { type: 'INVALID_REQUEST', requestId, reason: 'INVALID_MEDIA_SESSION_ID' });
    }
    if (media !== undefined) await this.#control(media, message);
    if (type === 'STOP') {
      this.#reply(message, {
        type: 'MEDIA_STATUS',
        requestId,
        status: [{ ...this.#status(), playerState: 'IDLE', idleReason: 'CANCELLED' }],
      });
      this.media = undefined;
      return;
    }
    this.#reply(message, { type: 'MEDIA_STATUS', requestId, status: this.media === undefined ? [] : [this.#status()] });
  }

  async #control(media: Media, { type, text }: Message): Promise<void> {
    const position = type === 'SEEK' ? Number(at(text, 'currentTime')) : this.position;
    if (type === 'SEEK' && media.stream !== undefined)
      await fetchSegment(media.stream, segmentAt(media.stream.playlist, position));
    const state = { PAUSE: 'PAUSED', PLAY: 'PLAYING' }[type] ?? media.state;
    const activeTrackIds = type === 'EDIT_TRACKS_INFO' ? at(text, 'activeTrackIds') : media.activeTrackIds;
    this.media = { ...media, state, position, sinceMs: performance.now(), activeTrackIds };
  }

  async #load(message: Message): Promise<void> {
    const { requestId, text } = message;
    this.load = text;
    this.failure = undefined;
    try {
      if (this.faults.loadFails === true) throw new Error('told to fail');
      const information = mediaInformation(text);
      const position = Number(at(text, 'currentTime') ?? 0);
      const stream = this.faults.isBlind === true ? undefined : await fetchStream(information, position);
      this.#sessions += 1;
      const activeTrackIds = at(text, 'activeTrackIds');
      this.media = {
        mediaSessionId: this.#sessions,
        information,
        state: 'PLAYING',
        position,
        sinceMs: performance.now(),
        activeTrackIds,
        stream,
      };
      this.#reply(message, { type: 'MEDIA_STATUS', requestId, status: [this.#status()] });
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      this.#reply(message, { type: 'LOAD_FAILED', requestId, detailedErrorCode: 104 });
    }
  }

  #status(): Record<string, unknown> {
    const { media } = this;
    return {
      mediaSessionId: media?.mediaSessionId,
      playerState: media?.state,
      currentTime: this.position,
      playbackRate: 1,
      media: { contentId: media?.information.contentId, duration: durationOf(media?.stream) },
      activeTrackIds: media?.activeTrackIds,
    };
  }

  #receiverStatus(requestId: number): Record<string, unknown> {
    const running = this.application;
    const applications =
      running === undefined ? [] : [{ ...running, transportId: running.sessionId, isIdleScreen: false }];
    return { type: 'RECEIVER_STATUS', requestId, status: { applications, volume: this.volume } };
  }

  #reply({ client, source, destination, space }: Message, payload: Record<string, unknown>): void {
    if (this.#server.clients[client] === undefined) return;
    this.#server.send(client, destination, source, SPACE + space, JSON.stringify(payload));
  }

  /** To all senders. */
  #tell(
    space: string,
    payload: Record<string, unknown>,
    from = space === 'receiver' ? 'receiver-0' : this.application?.sessionId,
  ): void {
    for (const client of Object.keys(this.#server.clients)) {
      this.#server.send(client, from ?? '', '*', SPACE + space, JSON.stringify(payload));
    }
  }
}

function mediaInformation(load: string): MediaInformation {
  const text = (path: string) => String(at(load, `media.${path}`));
  const tracks: MediaInformation['tracks'] = [];
  for (let i = 0; at(load, `media.tracks.${i}`) !== undefined; i += 1) {
    const of = (name: string) => text(`tracks.${i}.${name}`);
    const [trackContentId, trackContentType] = [of('trackContentId'), of('trackContentType')];
    tracks.push({ trackContentId, trackContentType, trackId: Number(of('trackId')), language: of('language') });
  }
  const format = at(load, 'media.hlsSegmentFormat');
  return {
    contentId: text('contentId'),
    contentType: text('contentType'),
    streamType: text('streamType'),
    hlsSegmentFormat: typeof format === 'string' ? format : undefined,
    tracks,
  };
}

function durationOf(stream: FetchedStream | undefined): number | undefined {
  return stream?.playlist.segments.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** `castv2` reads its description of the messages after it was imported. */
export async function protocolLoaded(): Promise<void> {
  const probe = {
    protocolVersion: 0,
    sourceId: 'a',
    destinationId: 'b',
    namespace: 'c',
    payloadType: 0,
    payloadUtf8: '{}',
  };
  for (let tries = 0; tries < 500; tries += 1) {
    try {
      protocol.CastMessage.serialize(probe);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  throw new Error('castv2 did not load its protocol');
}
