// The settings the desktop client gives hls.js: any gap between two segments stalls with them.
import type { PlayerConfig } from './page-player.ts';

export const CLIENT_CONFIG: PlayerConfig = {
  lowLatencyMode: false,
  maxBufferLength: 50,
  maxMaxBufferLength: 80,
  backBufferLength: 30,
  maxBufferHole: 0,
  maxFragLookUpTolerance: 0,
  enableWorker: true,
  appendErrorMaxRetry: 20,
  manifestLoadingTimeOut: 30_000,
  manifestLoadingMaxRetry: 10,
  manifestLoadingMaxRetryTimeout: 30_000,
  levelLoadingTimeOut: 30_000,
  levelLoadingMaxRetry: 10,
  levelLoadingMaxRetryTimeout: 30_000,
  fragLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 10_000,
      maxLoadTimeMs: 120_000,
      timeoutRetry: { maxNumRetry: 20, retryDelayMs: 0, maxRetryDelayMs: 15 },
      errorRetry: { maxNumRetry: 6, retryDelayMs: 1_000, maxRetryDelayMs: 8_000 },
    },
  },
};
