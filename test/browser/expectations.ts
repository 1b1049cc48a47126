// What must be true of a clip that plays in the browser, judged by the frame counter, the beeps, and what the player reported.
import assert from 'node:assert/strict';

import type { AudioFacts, VideoFacts } from '../support/clips/clip-facts.ts';
import type { Beep } from '../support/judges/beeps.ts';
import type { PagePlayer, Picture, PlayerFacts } from './page-player.ts';

/** Two ranges this close belong to one area that was played: between them is a hole, not what was never asked for. */
const HOLE_SECONDS = 0.5;
/** A stall with less than this buffered ahead waits for data. */
const LOW_BUFFER_SECONDS = 0.5;
/** What decoders and codecs may move a beep. */
const SYNC_SECONDS = 0.02;
/** Rounding of media times to microseconds and to 90 kHz. */
const ROUNDING_SECONDS = 0.0005;

/** How many frames after the one that is due at `seconds` the shown one comes; negative: before. */
function framesOff(video: VideoFacts, shown: { seconds: number; number: number | null }): number {
  assert.notEqual(shown.number, null, `no frame counter can be read at ${shown.seconds}`);
  const index = video.frameNumbers.indexOf(shown.number ?? -1);
  assert.notEqual(index, -1, `frame ${shown.number} is not one of the clip's`);
  return index - dueIndex(video, shown.seconds);
}

/** Shown pictures by how many frames they are off: `{ '0': 25, '1': 1 }`. */
export class FrameTally {
  readonly #video: VideoFacts;
  readonly #most: number;
  readonly #counts = new Map<number, number>();

  /** @param most frames that a picture may be off */
  constructor(video: VideoFacts, most: number) {
    this.#video = video;
    this.#most = most;
  }

  add(seconds: number, { number }: Picture): void {
    const off = framesOff(this.#video, { seconds, number });
    this.#counts.set(off, (this.#counts.get(off) ?? 0) + 1);
    assert.ok(Math.abs(off) <= this.#most, `at ${seconds} frame ${number} is shown: ${off} frames off`);
  }

  /** Pictures seen while playing, each against its own media time. */
  addAll(pictures: Picture[]): void {
    for (const picture of pictures) this.add(picture.mediaTime ?? Number.NaN, picture);
  }

  summary(): string {
    const counts = [...this.#counts].toSorted(([left], [right]) => left - right);
    return counts.map(([off, count]) => `${off > 0 ? '+' : ''}${off}: ${count}`).join(', ');
  }
}

/** Nothing went wrong, and every stall was a wait for data or for the processor. */
export async function assertNoFaults(player: PagePlayer): Promise<void> {
  const { stalls } = await player.facts();
  for (const { at } of stalls.filter(({ ahead }) => ahead >= LOW_BUFFER_SECONDS)) await assertPlaysThrough(player, at);
  const facts = await player.facts();
  assert.deepEqual(facts.faults, []);
  assert.equal(facts.mediaError, null);
  assert.deepEqual(
    player.responses.filter(({ status }) => status >= 400),
    [],
  );
}

/** A busy machine stalls anywhere; a flaw in the media stalls at the same place every time. */
async function assertPlaysThrough(player: PagePlayer, at: number): Promise<void> {
  for (let time = 0; time < 3; time += 1) {
    const before = await player.facts();
    await player.seek(Math.max(0, Math.min(at, before.duration - 1) - 0.5));
    await player.play(1);
    const after = await player.facts();
    if (after.stalls.slice(before.stalls.length).every(({ ahead }) => ahead < LOW_BUFFER_SECONDS)) return;
  }
  assert.fail(`playback stalls at ${at} whenever it comes by`);
}

export function assertNoHoles({ buffered }: PlayerFacts): void {
  for (const [index, [start]] of buffered.entries()) {
    const end = buffered[index - 1]?.[1] ?? -Infinity;
    assert.ok(start - end >= HOLE_SECONDS, `a hole from ${end} to ${start} in ${JSON.stringify(buffered)}`);
  }
}

/** One range over the whole clip. */
export function assertOneRange({ buffered, duration }: PlayerFacts, durationSeconds: number): void {
  assert.equal(buffered.length, 1, JSON.stringify(buffered));
  const [[start, end] = [Number.NaN, Number.NaN]] = buffered;
  assert.ok(start <= 0.05 && end >= duration - 0.1, JSON.stringify(buffered));
  assert.ok(Math.abs(duration - durationSeconds) < 0.1, `${duration} instead of ${durationSeconds} s`);
}

/** Every beep is where the picture's flash is, wherever the player puts both. Gives how much the worst one is off. */
export function assertInSync(options: {
  video: VideoFacts;
  audio: AudioFacts | undefined;
  everySeconds: number;
  beeps: Beep[];
  picture: Picture;
}): number {
  const { video, audio, everySeconds, beeps, picture } = options;
  assert.ok(audio !== undefined && beeps.length > 0, 'no beeps were appended');
  const shift = (picture.mediaTime ?? Number.NaN) - dueSeconds(video, picture.number ?? Number.NaN);
  let worst: number = 0;
  for (const { seconds, hertz } of beeps) {
    assert.ok(Math.abs(hertz - audio.beepHertz) < 50, `a beep of ${hertz} Hz at ${seconds}`);
    const phase: number = seconds - shift - audio.startSeconds;
    const off: number = phase - Math.round(phase / everySeconds) * everySeconds;
    assert.ok(Math.abs(off) < SYNC_SECONDS, `the beep at ${seconds} is ${off} s off; pictures are ${shift} s off`);
    if (Math.abs(off) > Math.abs(worst)) worst = off;
  }
  return worst;
}

/** Beeps of that pitch were heard, and no other. */
export function assertAllNear(pitches: number[], hertz: number): void {
  assert.ok(pitches.length > 0, 'nothing was heard');
  for (const pitch of pitches) assert.ok(Math.abs(pitch - hertz) < 50, `heard ${pitches.join(', ')} Hz`);
}

/** Index in `frameNumbers` of the frame that is shown at that time. */
function dueIndex(video: VideoFacts, seconds: number): number {
  let index = 0;
  while (index + 1 < video.frameNumbers.length) {
    if (dueSeconds(video, video.frameNumbers[index + 1] ?? 0) > seconds + ROUNDING_SECONDS) break;
    index += 1;
  }
  return index;
}

function dueSeconds({ frameRate }: VideoFacts, number: number): number {
  return (number * frameRate.den) / frameRate.num;
}
