// One connection to a device: TLS, frames, heartbeat, and requests that find their replies.
import { connect, type TLSSocket } from 'node:tls';
import { MIB } from '../base/units.ts';

import { AppError } from '../base/app-error.ts';
import { decodeCastMessage, encodeCastMessage } from './cast-message.ts';
import { frame, MessageFrames } from './message-frames.ts';
import { numberIn, parsePayload, textIn, type Payload } from './payload.ts';

export interface ChannelOptions {
  host: string;
  port: number;
  timings: CastTimings;
  /** What no request waits for: news of the device, and replies that came too late. */
  onNews(news: DeviceMessage): void;
  /** Called once, however the connection ended. */
  onClose(reason: AppError): void;
}

export interface CastTimings {
  connectMs: number;
  /** For an answer to a request. */
  answerMs: number;
  /** For an answer to LOAD: the device fetches the playlist before it gives one. */
  loadMs: number;
  /** Between two of our pings; a device silent for three of these is gone. */
  heartbeatMs: number;
}

export const CAST_TIMINGS: CastTimings = { connectMs: 5_000, answerMs: 8_000, loadMs: 40_000, heartbeatMs: 5_000 };

export interface DeviceMessage {
  sourceId: string;
  namespace: string;
  /** `type` of the payload. */
  type: string;
  payload: Payload;
}

export interface CastRequest {
  destinationId: string;
  namespace: string;
  payload: { type: string } & Record<string, unknown>;
  /** Default: `answerMs`. */
  timeoutMs?: number;
}

export const NAMESPACE = {
  connection: 'urn:x-cast:com.google.cast.tp.connection',
  heartbeat: 'urn:x-cast:com.google.cast.tp.heartbeat',
  receiver: 'urn:x-cast:com.google.cast.receiver',
  media: 'urn:x-cast:com.google.cast.media',
} as const;
export const RECEIVER = 'receiver-0';
const SENDER = 'sender-0';
const SILENT_BEATS = 3;
const MAX_UNREAD_BYTES = MIB;

interface Waiting {
  resolve(message: DeviceMessage): void;
  reject(error: unknown): void;
}

/** Owns its socket and its timer. */
export class CastChannel implements Disposable {
  readonly #options: ChannelOptions;
  readonly #socket: TLSSocket;
  readonly #frames = new MessageFrames();
  readonly #waiting = new Map<number, Waiting>();
  readonly #heartbeat: NodeJS.Timeout;
  #lastRequestId = 0;
  #silentBeats = 0;
  #closed: AppError | undefined;

  private constructor(options: ChannelOptions, socket: TLSSocket) {
    this.#options = options;
    this.#socket = socket;
    this.#heartbeat = setInterval(() => this.#beat(), options.timings.heartbeatMs).unref();
    socket.on('data', (piece: Buffer) => this.#received(piece));
    socket.on('error', (cause) => this.#close(gone(cause)));
    socket.on('close', () => this.#close(gone()));
  }

  /** @throws AppError DEVICE_FAILED; the reason of the signal */
  static async open(options: ChannelOptions, signal: AbortSignal): Promise<CastChannel> {
    const channel = new CastChannel(options, await connected(options, signal));
    channel.join(RECEIVER);
    return channel;
  }

  get isOpen(): boolean {
    return this.#closed === undefined;
  }

  /** Opens the virtual connection that an endpoint wants before anything else. */
  join(destinationId: string): void {
    this.#send({ destinationId, namespace: NAMESPACE.connection, payload: { type: 'CONNECT', origin: {} } });
  }

  /** The reply to the request. @throws AppError DEVICE_FAILED when none comes; the reason of the signal */
  async request(request: CastRequest, signal: AbortSignal): Promise<DeviceMessage> {
    signal.throwIfAborted();
    if (this.#closed !== undefined) throw this.#closed;
    this.#lastRequestId += 1;
    const requestId = this.#lastRequestId;
    const { promise, resolve, reject } = Promise.withResolvers<DeviceMessage>();
    const late = () => reject(new AppError('DEVICE_FAILED', 'The device does not answer.'));
    const timer = setTimeout(late, request.timeoutMs ?? this.#options.timings.answerMs);
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.set(requestId, { resolve, reject });
    this.#send({ ...request, payload: { ...request.payload, requestId } });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
      this.#waiting.delete(requestId);
    }
  }

  [Symbol.dispose](): void {
    if (this.isOpen) {
      this.#send({ destinationId: RECEIVER, namespace: NAMESPACE.connection, payload: { type: 'CLOSE' } });
    }
    this.#close(new AppError('DEVICE_FAILED', 'The connection to the device was closed.'));
  }

  #send({ destinationId, namespace, payload }: CastRequest): void {
    const message = { sourceId: SENDER, destinationId, namespace, payload: JSON.stringify(payload) };
    this.#socket.write(frame(encodeCastMessage(message)));
    // It sends, or it would be given up as silent; but it does not read.
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) {
      this.#close(new AppError('DEVICE_FAILED', 'The device does not take what is sent to it.'));
    }
  }

  #received(piece: Buffer): void {
    this.#silentBeats = 0;
    try {
      for (const bytes of this.#frames.push(piece)) {
        const message = decodeCastMessage(bytes);
        const payload = message === undefined ? undefined : parsePayload(message.payload);
        const type = textIn(payload, 'type');
        if (message === undefined || payload === undefined || type === undefined) continue;
        this.#accept({ sourceId: message.sourceId, namespace: message.namespace, type, payload });
        if (!this.isOpen) return;
      }
    } catch (error) {
      this.#close(error instanceof AppError ? error : gone(error));
    }
  }

  #accept(message: DeviceMessage): void {
    if (message.namespace === NAMESPACE.heartbeat) {
      if (message.type === 'PING') this.#beatBack(message.sourceId);
      return;
    }
    if (message.namespace === NAMESPACE.connection && message.type === 'CLOSE' && message.sourceId === RECEIVER) {
      return this.#close(new AppError('DEVICE_FAILED', 'The device closed the connection.'));
    }
    // A step on the way to an answer, with the same number.
    const isStep = message.type === 'LAUNCH_STATUS';
    const waiting = isStep ? undefined : this.#waiting.get(numberIn(message.payload, 'requestId') ?? 0);
    if (waiting === undefined) this.#options.onNews(message);
    else waiting.resolve(message);
  }

  #beat(): void {
    this.#silentBeats += 1;
    if (this.#silentBeats > SILENT_BEATS) return this.#close(new AppError('DEVICE_FAILED', 'The device went silent.'));
    this.#send({ destinationId: RECEIVER, namespace: NAMESPACE.heartbeat, payload: { type: 'PING' } });
  }

  #beatBack(destinationId: string): void {
    this.#send({ destinationId, namespace: NAMESPACE.heartbeat, payload: { type: 'PONG' } });
  }

  #close(reason: AppError): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    clearInterval(this.#heartbeat);
    // What was written goes out first; a device that does not read must not keep us.
    this.#socket.end(() => this.#socket.destroy());
    setTimeout(() => this.#socket.destroy(), 500).unref();
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#options.onClose(reason);
  }
}

/** A TLS connection. Devices have certificates of their own making: who they are is not what we ask them. */
async function connected({ host, port, timings }: ChannelOptions, signal: AbortSignal): Promise<TLSSocket> {
  signal.throwIfAborted();
  const socket = connect({ host, port, rejectUnauthorized: false });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timings.connectMs)]);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed before the handshake was through')));
      limit.addEventListener('abort', () => reject(limit.reason), { once: true });
    });
    return socket;
  } catch (cause) {
    socket.on('error', () => undefined).destroy();
    signal.throwIfAborted();
    throw new AppError('DEVICE_FAILED', 'The device cannot be reached.', {
      cause,
      hint: 'See that it is switched on and in the same network.',
    });
  }
}

function gone(cause?: unknown): AppError {
  return new AppError('DEVICE_FAILED', 'The connection to the device broke.', { cause });
}
