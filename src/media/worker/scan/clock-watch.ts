// Finds clocks that restart or jump in the middle of a stream: joined recordings, cells of a DVD, broadcasts. Timestamps behind a jump are shifted
// so that the first frame behind the jump follows the last one before it.
import { MIB } from '../../../base/units.ts';
import type { DemuxedPacket } from '../libav/demux/demuxed-packet.ts';
import type { Splices } from '../../model/rendition-track.ts';

/** The clock rate of MPEG streams. */
const TICKS_PER_SECOND = 90_000;

/** Decode times that step back by more than this belong to another clock. */
const STEP_BACK_TICKS = TICKS_PER_SECOND / 2;
/** A step ahead by more than this is a jump of the clock, not a pause of the track, if the other tracks jump as well. */
const STEP_AHEAD_TICKS = 10 * TICKS_PER_SECOND;

/** The packets of all tracks cross a join within this many bytes. */
const JOIN_BYTES = 4 * MIB;

/** Packets on another clock that confirm a step. */
const CONFIRMING_PACKETS = 8;

/** A stream with more steps is damaged, not joined. */
const MAX_STEPS = 1000;

/** Packets behind a jump that are searched for the frame presented first. */
const OPENING_PACKETS = 32;

interface Step {
  isBack: boolean;
  /** Byte position of the first packet behind the step. */
  byte: number;
  /** End of presentation before the step and start of presentation after it, each on its own clock, ticks. */
  endBefore: number;
  startAfter: number;
  packetsAfter: number;
}

/** A step that the next packets must confirm: one wrong timestamp is not another clock. */
interface Candidate {
  step: Step;
  /** Decode time of the track's last packet before the step. */
  lastDts: number;
  end: number;
  packets: number;
}

interface Track {
  candidate: Candidate | undefined;
  lastDts: number;
  /** End of presentation since the last step. */
  end: number;
  lastByte: number;
  steps: Step[];
}

/** Observes the packets of the presented tracks in order. */
export class ClockWatch {
  readonly #main: number;
  readonly #delayFrames: number;
  readonly #tracks = new Map<number, Track>();

  /** `main`: the track whose frames follow each other across a step. `delayFrames`: its delay for packets without a presentation time. */
  constructor({ main, delayFrames }: { main: number; delayFrames: number }) {
    this.#main = main;
    this.#delayFrames = delayFrames;
  }

  see({ streamIndex, pts, dts, duration, byte, isCorrupt }: DemuxedPacket): void {
    const decoded = dts ?? pts;
    const delay = pts === undefined && streamIndex === this.#main ? this.#delayFrames * duration : 0;
    if (decoded === undefined) return;
    const shown = (pts ?? decoded) + delay;
    const end = shown + duration;
    const track = this.#tracks.get(streamIndex);
    if (!track) {
      const lastByte = Math.max(0, byte);
      this.#tracks.set(streamIndex, { candidate: undefined, lastDts: decoded, end, lastByte, steps: [] });
      return;
    }
    // libavformat also marks the last packets before a join as corrupt: those count.
    if (isCorrupt && isStep(decoded - track.lastDts)) return;
    if (byte >= 0) track.lastByte = byte;
    if (isStep(decoded - track.lastDts)) begin(track, { decoded, shown, end });
    confirm(track);
    track.lastDts = decoded;
    track.end = Math.max(track.end, end);
    this.#open(track, shown);
  }

  #open({ candidate, steps }: Track, shown: number): void {
    const step = candidate?.step ?? steps.at(-1);
    if (!step || step.packetsAfter >= OPENING_PACKETS) return;
    step.packetsAfter += 1;
    step.startAfter = Math.min(step.startAfter, shown);
  }

  /** Ascending: byte position, and the ticks to add from that byte on. Empty when the clock is continuous. */
  steps(): Splices['clock'] {
    for (const track of this.#tracks.values()) if (track.steps.length > MAX_STEPS) return [];
    const main = this.#tracks.get(this.#main);
    const clock: Splices['clock'] = [];
    for (const step of main?.steps ?? []) {
      const others = this.#stepsAtSameJoin(step);
      if (!step.isBack && others.length === 0 && this.#tracks.size > 1) continue;
      const added = clock.at(-1)?.[1] ?? 0;
      const byte = Math.min(step.byte, ...others.map((other) => other.byte));
      clock.push([byte, step.endBefore + added - step.startAfter]);
    }
    return clock;
  }

  /** Steps of the other tracks at the same join. */
  #stepsAtSameJoin({ isBack, byte }: Step): Step[] {
    const others = [...this.#tracks].flatMap(([number, { steps }]) => (number === this.#main ? [] : steps));
    return others.filter((other) => other.isBack === isBack && Math.abs(other.byte - byte) < JOIN_BYTES);
  }
}

function isStep(change: number): boolean {
  return change < -STEP_BACK_TICKS || change > STEP_AHEAD_TICKS;
}

/** Begins a step, or withdraws the last one when the old clock continues. */
function begin(track: Track, packet: { decoded: number; shown: number; end: number }): void {
  const { candidate } = track;
  if (candidate && !isStep(packet.decoded - candidate.lastDts)) {
    track.candidate = undefined;
    track.end = candidate.end;
    return;
  }
  if (candidate) track.steps.push(candidate.step);
  const isBack = packet.decoded < track.lastDts;
  const begun = { isBack, byte: track.lastByte, endBefore: track.end, startAfter: packet.shown, packetsAfter: 0 };
  track.candidate = { step: begun, lastDts: track.lastDts, end: track.end, packets: 0 };
  track.end = packet.end;
}

function confirm(track: Track): void {
  const { candidate } = track;
  if (!candidate) return;
  candidate.packets += 1;
  if (candidate.packets < CONFIRMING_PACKETS) return;
  track.steps.push(candidate.step);
  track.candidate = undefined;
}
