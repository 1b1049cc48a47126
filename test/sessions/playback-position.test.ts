import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PlaybackPosition } from '../../src/sessions/playback-position.ts';

function at(startSeconds: number): { position: PlaybackPosition; wait(seconds: number): void } {
  let nowMs = 5_000;
  const position = new PlaybackPosition(startSeconds, () => nowMs);
  return { position, wait: (seconds) => (nowMs += seconds * 1000) };
}

test('the position is the start, then the last seek', () => {
  const { position } = at(45);
  assert.equal(position.seconds, 45);
  position.seek(100, 'a');
  assert.equal(position.seconds, 100);
  position.seek(31.5, undefined);
  assert.equal(position.seconds, 31.5);
});

test('a repeated seek is answered as before and moves nothing', () => {
  const { position } = at(0);
  assert.deepEqual(position.seek(100, 'a'), { seconds: 100, isNew: true });
  position.seek(200, 'b');
  assert.deepEqual(position.seek(150, 'a'), { seconds: 100, isNew: false });
  assert.equal(position.seconds, 200);
});

test('a change of track resumes where the clock says the viewer is', () => {
  const { position, wait } = at(0);
  position.seek(30, 'a');
  position.segmentRequested(84);
  wait(6);
  assert.equal(position.changeTrack(), 36);
  assert.equal(position.seconds, 36);
});

test('a viewer who paused is not ahead of what was asked for', () => {
  const { position, wait } = at(0);
  position.seek(30, 'a');
  position.segmentRequested(42);
  wait(3600);
  assert.equal(position.changeTrack(), 42);
});

test('a viewer who jumped inside the buffer is at most 56 seconds behind the last request', () => {
  const { position, wait } = at(0);
  position.segmentRequested(120);
  wait(10);
  assert.equal(position.changeTrack(), 64);
});

test('without a request since the last seek, nothing is guessed', () => {
  const { position, wait } = at(0);
  position.segmentRequested(500);
  position.seek(100, 'a');
  wait(50);
  assert.equal(position.changeTrack(), 100);
});

test('the estimate goes on from the last change of track', () => {
  const { position, wait } = at(10);
  position.segmentRequested(60);
  wait(5);
  assert.equal(position.changeTrack(), 15);
  position.segmentRequested(60);
  wait(4);
  assert.equal(position.changeTrack(), 19);
});

test('only the last seeks are remembered', () => {
  const { position } = at(0);
  for (let seek = 0; seek < 1000; seek++) position.seek(seek, `seek-${seek}`);
  assert.equal(position.seek(7, 'seek-999').isNew, false);
  assert.equal(position.seek(7, 'seek-0').isNew, true);
});
