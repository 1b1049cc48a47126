// Parses the messages of a media worker: every message of another process is checked before use.
import { AppError, isErrorCode } from '../../base/app-error.ts';
import type { WorkerResults } from '../worker/protocol/protocol.ts';

/** A reply whose result is not checked yet. */
export type RawReply =
  | { type: 'ready' }
  | { type: 'pong' }
  | { type: 'query-buffered'; id: number; url: string; start: number }
  | { type: 'done'; id: number; result: unknown }
  | { type: 'failed'; id: number; code: string; message: string; detail: string | undefined };

/** Undefined for anything that is not a reply of the protocol. */
export function parseReply(message: unknown): RawReply | undefined {
  if (!isRecord(message)) return undefined;
  const { type, id, code, detail, url, start } = message;
  if (type === 'ready' || type === 'pong') return { type };
  if (typeof id !== 'number') return undefined;
  if (type === 'done') return { type, id, result: message['result'] };
  if (type === 'query-buffered' && typeof url === 'string' && typeof start === 'number')
    return { type, id, url, start };
  if (type !== 'failed' || typeof code !== 'string' || typeof message['message'] !== 'string') return undefined;
  return { type, id, code, message: message['message'], detail: typeof detail === 'string' ? detail : undefined };
}

/** The error that a worker's failure means. A full disk is recognised under any code. */
export function failureOf(reply: { code: string; message: string; detail: string | undefined }): AppError {
  const cause = reply.detail === undefined ? undefined : new Error(reply.detail);
  if (`${reply.code} ${reply.message} ${reply.detail}`.includes('ENOSPC'))
    return new AppError('DISK_FULL', 'The disk is full', { cause });
  return new AppError(isErrorCode(reply.code) ? reply.code : 'INTERNAL', reply.message, { cause });
}

/** Whether `value` is a result of this kind of job. */
export function isResultOf<K extends keyof WorkerResults>(kind: K, value: unknown): value is WorkerResults[K] {
  return isRecord(value) && RESULT_CHECKS[kind](value);
}

type Fields = Record<string, unknown>;

const RESULT_CHECKS: Record<keyof WorkerResults, (value: Fields) => boolean> = {
  segment: (value) => typeof value['sizeBytes'] === 'number',
  'clip-piece': (value) => isClipSamples(value['video']) && isClipSamples(value['audio']),
  describe: (value) =>
    typeof value['container'] === 'string' &&
    ['videos', 'audio', 'subtitles'].every((name) => Array.isArray(value[name])),
  scan: (value) =>
    ['hasHidden', 'hasChanges', 'hasUntimed'].every((name) => typeof value[name] === 'boolean') &&
    isArrayOf(value['keyframes'], 'number') &&
    isArrayOf(value['keyframeBytes'], 'number') &&
    value['starts'] instanceof Map &&
    ['frameCount', 'startTicks', 'endTicks', 'endSeconds', 'reorderFrames', 'stepTicks'].every(
      (name) => typeof value[name] === 'number',
    ),
  verify: (value) => isArrayOf(value['isStart'], 'boolean') && typeof value['hasChanges'] === 'boolean',
  'encoder-header': (value) => value['configuration'] instanceof Uint8Array,
};

function isClipSamples(value: unknown): boolean {
  return isRecord(value) && ['sizes', 'times', 'syncs'].every((name) => isArrayOf(value[name], 'number'));
}

function isArrayOf(value: unknown, type: 'number' | 'boolean'): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
