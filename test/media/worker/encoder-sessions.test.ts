// The sessions of encoders in a worker: one for each rendition, and none that waits for another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncoderSessions, type SessionTarget } from '../../../src/media/worker/sessions/encoder-sessions.ts';
import { FileSource } from '../../../src/sources/file/file-source.ts';
import { clip } from '../../support/clips/clips.ts';

const never = new AbortController().signal;

async function target(key: string): Promise<SessionTarget> {
  await using source = await FileSource.open(await clip('mp4-faststart'), never);
  const { input } = source;
  return { key, input, origin: { ticks: 0, timeBase: { num: 1, den: 1000 } } };
}

const TRACK = {
  kind: 'encoded',
  streamIndex: 1,
  seekStream: 1,
  sampleRate: 48_000,
  channels: 2,
  bitRate: 1,
  startTicks: 0,
} as const;

test('a job that waits for its source delays no other job of its rendition', async () => {
  await using sessions = new EncoderSessions();
  const film = await target('film');
  const stall = Promise.withResolvers<string>();
  const keys: string[] = [];
  const stalled = sessions.run(
    film,
    (own) => {
      keys.push(own.key);
      return stall.promise;
    },
    never,
  );
  const other = await sessions.run(
    film,
    async (own) => {
      keys.push(own.key);
      return 'other';
    },
    never,
  );
  assert.equal(other, 'other');
  assert.equal(keys[0], 'film');
  assert.notEqual(keys[1], 'film');
  stall.resolve('late');
  assert.equal(await stalled, 'late');
});

test('jobs one after the other share a session, and a failure costs it', async () => {
  await using sessions = new EncoderSessions();
  const film = await target('film');
  const grid = () => sessions.run(film, (own) => sessions.audioGrid(own, TRACK), never);
  const first = await grid();
  assert.equal(await grid(), first);
  await assert.rejects(
    sessions.run(film, () => Promise.reject(new Error('broken')), never),
    /broken/u,
  );
  assert.notEqual(await grid(), first);
});

test('a job in a session of its own takes the place of no other session', async () => {
  await using sessions = new EncoderSessions();
  const films = await Promise.all(['a', 'b', 'c', 'd'].map((key) => target(key)));
  const grid = (film: SessionTarget) => sessions.run(film, (own) => sessions.audioGrid(own, TRACK), never);
  const grids = [];
  for (const film of films) grids.push(await grid(film));
  for (const film of films) await sessions.runAlone(film, (own) => sessions.audioGrid(own, TRACK), never);
  for (const [index, film] of films.entries()) assert.equal(await grid(film), grids[index]);
});
