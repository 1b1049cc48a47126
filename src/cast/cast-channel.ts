// One connection to a device: TLS, frames, heartbeat, and the matching of replies to requests.
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
  /** Called with messages that no request waits for: notifications of the device, and replies after the timeout. */
  onNotification(message: DeviceMessage): void;
  /** Called once, whatever ended the connection. */
  onClose(reason: AppError): void;
}

export interface CastTimings {
  connectMs: number;
  /** Timeout of a reply. */
  answerMs: number;
  /** Timeout of the reply to LOAD: the device fetches the playlist before it replies. */
  loadMs: number;
  /** Between two PINGs of this server; a device without a message for three intervals counts as disconnected. */
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
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (cause) => this.#close(connectionLost(cause)));
    socket.on('close', () => this.#close(connectionLost()));
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

  /** Opens the virtual connection that an endpoint requires before other messages. */
  join(destinationId: string): void {
    this.#send({ destinationId, namespace: NAMESPACE.connection, payload: { type: 'CONNECT', origin: {} } });
  }

  /** The reply to the request. @throws AppError DEVICE_FAILED after the timeout; the reason of the signal */
  async request(request: CastRequest, signal: AbortSignal): Promise<DeviceMessage> {
    signal.throwIfAborted();
    if (this.#closed !== undefined) throw this.#closed;
    this.#lastRequestId += 1;
    const requestId = this.#lastRequestId;
    const { promise, resolve, reject } = Promise.withResolvers<DeviceMessage>();
    const expire = () => reject(new AppError('DEVICE_FAILED', 'The device does not answer'));
    const timer = setTimeout(expire, request.timeoutMs ?? this.#options.timings.answerMs);
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#waiting.set(requestId, { resolve, reject });
    this.#send({ ...request, payload: { ...request.payload, requestId } });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      this.#waiting.delete(requestId);
    }
  }

  [Symbol.dispose](): void {
    if (this.isOpen) {
      this.#send({ destinationId: RECEIVER, namespace: NAMESPACE.connection, payload: { type: 'CLOSE' } });
    }
    this.#close(new AppError('DEVICE_FAILED', 'The connection to the device was closed'));
  }

  #send({ destinationId, namespace, payload }: CastRequest): void {
    const message = { sourceId: SENDER, destinationId, namespace, payload: JSON.stringify(payload) };
    this.#socket.write(frame(encodeCastMessage(message)));
    // The device does not read. Its own messages keep it from being closed as silent.
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) {
      this.#close(new AppError('DEVICE_FAILED', 'The device does not take what is sent to it'));
    }
  }

  #receive(chunk: Buffer): void {
    this.#silentBeats = 0;
    try {
      for (const bytes of this.#frames.push(chunk)) {
        const message = decodeCastMessage(bytes);
        const payload = message === undefined ? undefined : parsePayload(message.payload);
        const type = textIn(payload, 'type');
        if (message === undefined || payload === undefined || type === undefined) continue;
        this.#accept({ sourceId: message.sourceId, namespace: message.namespace, type, payload });
        if (!this.isOpen) return;
      }
    } catch (error) {
      this.#close(error instanceof AppError ? error : connectionLost(error));
    }
  }

  #accept(message: DeviceMessage): void {
    if (message.namespace === NAMESPACE.heartbeat) {
      if (message.type === 'PING') this.#sendPong(message.sourceId);
      return;
    }
    if (message.namespace === NAMESPACE.connection && message.type === 'CLOSE' && message.sourceId === RECEIVER) {
      return this.#close(new AppError('DEVICE_FAILED', 'The device closed the connection'));
    }
    // LAUNCH_STATUS precedes the reply to LAUNCH, and has the same request id.
    const isInterim = message.type === 'LAUNCH_STATUS';
    const waiting = isInterim ? undefined : this.#waiting.get(numberIn(message.payload, 'requestId') ?? 0);
    if (waiting === undefined) this.#options.onNotification(message);
    else waiting.resolve(message);
  }

  #beat(): void {
    this.#silentBeats += 1;
    if (this.#silentBeats > SILENT_BEATS) return this.#close(new AppError('DEVICE_FAILED', 'The device went silent'));
    this.#send({ destinationId: RECEIVER, namespace: NAMESPACE.heartbeat, payload: { type: 'PING' } });
  }

  #sendPong(destinationId: string): void {
    this.#send({ destinationId, namespace: NAMESPACE.heartbeat, payload: { type: 'PONG' } });
  }

  #close(reason: AppError): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    clearInterval(this.#heartbeat);
    // Written messages are sent before the socket closes; the timer limits that for a device that does not read.
    this.#socket.end(() => this.#socket.destroy());
    setTimeout(() => this.#socket.destroy(), 500).unref();
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#options.onClose(reason);
  }
}

/** A TLS connection. Devices have self-signed certificates, so the certificate is not verified. */
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
    throw new AppError('DEVICE_FAILED', 'The device cannot be reached', {
      cause,
      hint: 'See that it is switched on and in the same network',
    });
  }
}

function connectionLost(cause?: unknown): AppError {
  return new AppError('DEVICE_FAILED', 'The connection to the device broke', { cause });
}
