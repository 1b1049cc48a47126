// A tracker says how long to wait for the next announce. Timers take what is too long, or no number, for no time at all.
import type { Tracker } from 'webtorrent';

const LEAST_MS = 10_000;
const MOST_MS = 2 * 60 * 60_000;

export function keepPace(tracker: Tracker): void {
  const setInterval = tracker.setInterval.bind(tracker);
  tracker.setInterval = (wishMs) => {
    const isWish = typeof wishMs === 'number' && Number.isFinite(wishMs);
    setInterval(isWish ? Math.min(Math.max(wishMs, LEAST_MS), MOST_MS) : undefined);
  };
}
