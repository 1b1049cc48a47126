// Protects the library from invalid tracker responses: absurd announce intervals, and malformed messages.
import type { Tracker } from 'webtorrent';

const LEAST_MS = 10_000;
const MOST_MS = 2 * 60 * 60_000;

export function guardTracker(tracker: Tracker): void {
  clampInterval(tracker);
  closeOnError(tracker);
}

/** Clamps the announce interval of a tracker. Timers of Node fire at once for an interval that is too long, or no number. */
function clampInterval(tracker: Tracker): void {
  const setInterval = tracker.setInterval.bind(tracker);
  tracker.setInterval = (intervalMs) => {
    const isNumber = typeof intervalMs === 'number' && Number.isFinite(intervalMs);
    setInterval(isNumber ? Math.min(Math.max(intervalMs, LEAST_MS), MOST_MS) : undefined);
  };
}

/** A WebSocket message that makes the library throw closes the connection, like a message that the library rejects. */
function closeOnError(tracker: Tracker): void {
  const take = tracker._onSocketData?.bind(tracker);
  if (!take) return;
  tracker._onSocketData = (bytes) => {
    try {
      take(bytes);
    } catch (error) {
      tracker._onSocketError?.(error instanceof Error ? error : new Error(String(error)));
    }
  };
}
