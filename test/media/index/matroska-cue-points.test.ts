// Cues as long as a film may claim them: others get their turn meanwhile, and a walk ends where nothing more is wanted.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { walkCues } from '../../../src/media/index/matroska/matroska-cue-points.ts';
import { parseCueTimes } from '../../../src/media/index/matroska/matroska-cues.ts';
import { ID } from '../../../src/media/index/matroska/matroska-ids.ts';
import { thinnedKeyframes } from '../../../src/media/probe/thinned-keyframes.ts';
import { subtitleCues } from '../../../src/media/subtitles/matroska-cue-positions.ts';
import { element, number } from './matroska-synthetic.ts';
import { viewOf } from './view-of.ts';

const TRACK = 2;
const OTHER = 1;

function point(time: number, ...tracks: number[]): Buffer {
  const positions = tracks.map((track) =>
    element(ID.cueTrackPositions, number(ID.cueTrack, track), number(ID.cueClusterPosition, time * 10)),
  );
  return element(ID.cuePoint, number(ID.cueTime, time), ...positions);
}

/** How often other work had a turn until `work` was done. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let timer = setImmediate(function again() {
    turns += 1;
    timer = setImmediate(again);
  });
  await work;
  clearImmediate(timer);
  return turns;
}

test('others get their turn while long cues are walked through', async () => {
  const points = viewOf(Buffer.concat(Array<Buffer>(40_000).fill(point(5, OTHER))));
  const empty = viewOf(Buffer.concat(Array<Buffer>(1_000_000).fill(Buffer.from([0xec, 0x80]))));
  for (const cues of [points, empty]) {
    const turns = Math.floor(cues.byteLength / 65_536);
    assert.ok((await turnsDuring(subtitleCues(cues, TRACK, 50_000))) >= turns);
    assert.ok((await turnsDuring(parseCueTimes(cues, TRACK))) >= turns);
  }
});

test('the walk ends with the last place that is wanted', async () => {
  const found: number[] = [];
  const cues = viewOf(...Array.from({ length: 100 }, (_, i) => point(i, TRACK, OTHER, TRACK)));
  const isWhole = await walkCues(cues, TRACK, ({ time }) => found.push(time) < 5);
  assert.deepEqual([isWhole, found], [false, [0, 0, 1, 1, 2]]);
  const places = await subtitleCues(cues, TRACK, 3);
  assert.deepEqual(
    places.map(({ time, cluster }) => [time, cluster]),
    [
      [0, 0],
      [0, 0],
      [1, 10],
    ],
  );
});

test('a point larger than any is passed over, and damage is told', async () => {
  const large = element(ID.cuePoint, number(ID.cueTime, 3), ...Array<Buffer>(20_000).fill(Buffer.from([0xec, 0x80])));
  assert.deepEqual(await parseCueTimes(viewOf(point(7, TRACK), large, point(1, TRACK)), TRACK), [1, 7]);
  assert.equal(await parseCueTimes(viewOf(point(7, TRACK), point(8, TRACK).subarray(0, -1)), TRACK), undefined);
});

test('cues out of order are put into order, but not so many that sorting them would hold up everything else', async () => {
  const reversed = (count: number) => viewOf(...Array.from({ length: count }, (_, i) => point(count - i, TRACK)));
  const times = Array.from({ length: 1000 }, (_, i) => i + 1);
  assert.deepEqual(await parseCueTimes(reversed(1000), TRACK), times);
  assert.equal(await parseCueTimes(reversed(60_000), TRACK), undefined);
});

test('a film of a million keyframes keeps those that keep a distance, and a usual one all', () => {
  const dense = thinnedKeyframes([...Array(1_000_000).keys(), 5_000_000]);
  assert.ok(dense.length > 10_000 && dense.length <= 65_537, `${dense.length}`);
  assert.deepEqual([dense[0], dense.at(-1)], [0, 5_000_000]);
  const [, second = 0] = dense;
  assert.ok(dense.every((ticks, i) => i === 0 || ticks - (dense[i - 1] ?? 0) >= second - 1));
  const usual = [3, 4, 90];
  assert.equal(thinnedKeyframes(usual), usual);
});
