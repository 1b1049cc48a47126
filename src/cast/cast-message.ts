// Encodes and decodes `CastMessage`, the only message of CASTV2 (protocol buffers, proto2, seven fields).
import { AppError } from '../base/app-error.ts';

export interface CastMessage {
  sourceId: string;
  destinationId: string;
  namespace: string;
  /** JSON in every namespace used by this server. */
  payload: string;
}

/** Field numbers of `CastMessage` in Chromium's cast_channel.proto. */
const FIELD = { version: 1, source: 2, destination: 3, namespace: 4, payloadType: 5, text: 6 } as const;
const WIRE = { varint: 0, eightBytes: 1, counted: 2, fourBytes: 5 } as const;
const VERSION_1_0 = 0;
const PAYLOAD_IS_TEXT = 0;

export function encodeCastMessage(message: CastMessage): Buffer {
  return Buffer.concat([
    number(FIELD.version, VERSION_1_0),
    text(FIELD.source, message.sourceId),
    text(FIELD.destination, message.destinationId),
    text(FIELD.namespace, message.namespace),
    number(FIELD.payloadType, PAYLOAD_IS_TEXT),
    text(FIELD.text, message.payload),
  ]);
}

/**
 * The message; undefined for a complete message without text (binary, of an unused namespace). Unknown fields are skipped.
 * @throws AppError DEVICE_FAILED for bytes that are not a message
 */
export function decodeCastMessage(bytes: Buffer): CastMessage | undefined {
  const texts = new Map<number, string>();
  for (let at = 0; at < bytes.length;) {
    const key = varint(bytes, at);
    const field = Math.floor(key.value / 8);
    const end = valueEnd(bytes, key.end, key.value % 8);
    if (key.value % 8 === WIRE.counted) texts.set(field, bytes.toString('utf8', varint(bytes, key.end).end, end));
    at = end;
  }
  const [sourceId, destinationId] = [texts.get(FIELD.source), texts.get(FIELD.destination)];
  const namespace = texts.get(FIELD.namespace);
  if (sourceId === undefined || destinationId === undefined || namespace === undefined) throw broken();
  const payload = texts.get(FIELD.text);
  return payload === undefined ? undefined : { sourceId, destinationId, namespace, payload };
}

/** End of the value that starts at `at`. */
function valueEnd(bytes: Buffer, at: number, wire: number): number {
  const end = at + valueBytes(bytes, at, wire);
  if (end > bytes.length) throw broken();
  return end;
}

function valueBytes(bytes: Buffer, at: number, wire: number): number {
  if (wire === WIRE.eightBytes) return 8;
  if (wire === WIRE.fourBytes) return 4;
  if (wire !== WIRE.varint && wire !== WIRE.counted) throw broken();
  const { value, end } = varint(bytes, at);
  return wire === WIRE.varint ? end - at : end - at + value;
}

/** Seven bits per byte, lowest first. Values above 2^53 are inexact; no length and no field number is that large. */
function varint(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start; at < start + 10; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) throw broken();
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw broken();
}

function number(field: number, value: number): Buffer {
  return Buffer.from([...varintBytes(field * 8 + WIRE.varint), ...varintBytes(value)]);
}

function text(field: number, value: string): Buffer {
  const content = Buffer.from(value, 'utf8');
  const head = [...varintBytes(field * 8 + WIRE.counted), ...varintBytes(content.length)];
  return Buffer.concat([Buffer.from(head), content]);
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 0x80);
  return [...bytes, rest];
}

function broken(): AppError {
  return new AppError('DEVICE_FAILED', 'The device sends something that is not the Cast protocol');
}
