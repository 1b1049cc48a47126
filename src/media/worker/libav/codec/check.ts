// Checks the return codes of libav calls, and silences its log.
import { AV_LOG_FATAL } from 'node-av/constants';
import { FFmpegError, Log, avGetCodecName } from 'node-av/lib';
import type { CodecParameters } from 'node-av/lib';
import { AppError } from '../../../../base/app-error.ts';

/** Silences libav's own log: relevant failures arrive as error codes. */
export function quietLibav(): void {
  Log.setLevel(AV_LOG_FATAL);
}

/** @throws AppError MEDIA_FAILED for a negative code */
export function check(code: number, doing: string): void {
  if (code < 0)
    throw new AppError('MEDIA_FAILED', `The media library failed to ${doing}: ${FFmpegError.strerror(code)}`);
}

export function codecName(parameters: CodecParameters): string {
  return avGetCodecName(parameters.codecId) ?? 'unknown';
}
