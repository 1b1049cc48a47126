// What a tracker says that the library is not ready for: waits that are no waits, and messages that are no messages.
import type { Tracker } from 'webtorrent';

const LEAST_MS = 10_000;
const MOST_MS = 2 * 60 * 60_000;

export function guardTracker(tracker: Tracker): void {
  keepPace(tracker);
  survive(tracker);
}

/** A tracker says how long to wait for the next announce. Timers take what is too long, or no number, for no time at all. */
function keepPace(tracker: Tracker): void {
  const setInterval = tracker.setInterval.bind(tracker);
  tracker.setInterval = (wishMs) => {
    const isWish = typeof wishMs === 'number' && Number.isFinite(wishMs);
    setInterval(isWish ? Math.min(Math.max(wishMs, LEAST_MS), MOST_MS) : undefined);
  };
}

/** A message of a WebSocket that makes the library throw ends the connection, as one that it understands to be wrong does. */
function survive(tracker: Tracker): void {
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
