// Clocks that start again or jump in the middle of a stream: joined recordings, cells of a DVD, broadcasts. Timestamps behind a jump are moved so
// that the first picture there follows the last one before.
import type { DemuxedPacket } from './libav/demuxed-packet.ts';
import type { Splices } from './protocol.ts';

/** MPEG streams count in these. */
const TICKS_PER_SECOND = 90_000;

/** Decode times that go back by more than this are of another clock. */
const STEP_BACK_TICKS = TICKS_PER_SECOND / 2;
/** A track without a packet for so long is not a track with a pause, if the others jump as well. */
const STEP_AHEAD_TICKS = 10 * TICKS_PER_SECOND;

/** The packets of all tracks cross a join within these. */
const JOIN_BYTES = 4 * 1024 * 1024;

/** Packets behind a jump among which the first picture shown is looked for. */
const OPENING_PACKETS = 32;

interface Step {
  isBack: boolean;
  /** The first packet behind it. */
  byte: number;
  /** The end of what was shown before, and the beginning of what is shown after, on their own clocks, ticks. */
  endBefore: number;
  startAfter: number;
  packetsAfter: number;
}

interface Track {
  lastDts: number;
  /** Of what was shown since the last step. */
  end: number;
  lastByte: number;
  steps: Step[];
}

/** Sees the packets of the tracks that are played, in order. */
export class ClockWatch {
  readonly #main: number;
  readonly #delayFrames: number;
  readonly #tracks = new Map<number, Track>();

  /** `main`: the track whose pictures follow each other across a step; `delayFrames`: how much later it shows them where no time is stated. */
  constructor({ main, delayFrames }: { main: number; delayFrames: number }) {
    this.#main = main;
    this.#delayFrames = delayFrames;
  }

  see({ streamIndex, pts, dts, duration, byte }: DemuxedPacket): void {
    const decoded = dts ?? pts;
    const shown = pts ?? dts;
    if (decoded === undefined || shown === undefined) return;
    const delay = pts === undefined && streamIndex === this.#main ? this.#delayFrames * duration : 0;
    const end = shown + delay + duration;
    const track = this.#tracks.get(streamIndex);
    if (!track) {
      this.#tracks.set(streamIndex, { lastDts: decoded, end, lastByte: Math.max(0, byte), steps: [] });
      return;
    }
    if (byte >= 0) track.lastByte = byte;
    const change = decoded - track.lastDts;
    const isBack = change < -STEP_BACK_TICKS;
    if (isBack || change > STEP_AHEAD_TICKS) {
      track.steps.push({ isBack, byte: track.lastByte, endBefore: track.end, startAfter: shown, packetsAfter: 0 });
      track.end = end;
    }
    this.#open(track, shown);
    track.lastDts = decoded;
    track.end = Math.max(track.end, end);
  }

  #open({ steps }: Track, shown: number): void {
    const step = steps.at(-1);
    if (!step || step.packetsAfter >= OPENING_PACKETS) return;
    step.packetsAfter += 1;
    step.startAfter = Math.min(step.startAfter, shown);
  }

  /** Ascending: from which byte on how many ticks are to be added. Empty where the clock runs on. */
  steps(): Splices['clock'] {
    const main = this.#tracks.get(this.#main);
    const clock: Splices['clock'] = [];
    for (const step of main?.steps ?? []) {
      const others = this.#beside(step);
      if (!step.isBack && others.length === 0 && this.#tracks.size > 1) continue;
      const added = clock.at(-1)?.[1] ?? 0;
      const byte = Math.min(step.byte, ...others.map((other) => other.byte));
      clock.push([byte, step.endBefore + added - step.startAfter]);
    }
    return clock;
  }

  /** Steps of the other tracks at the same join. */
  #beside({ isBack, byte }: Step): Step[] {
    const others = [...this.#tracks].flatMap(([number, { steps }]) => (number === this.#main ? [] : steps));
    return others.filter((other) => other.isBack === isBack && Math.abs(other.byte - byte) < JOIN_BYTES);
  }
}
