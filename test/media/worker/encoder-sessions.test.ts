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
  const track = {
    kind: 'encoded',
    streamIndex: 1,
    seekStream: 1,
    sampleRate: 48_000,
    channels: 2,
    bitRate: 1,
    startTicks: 0,
  } as const;
  const grid = () => sessions.run(film, (own) => sessions.audioGrid(own, track), never);
  const first = await grid();
  assert.equal(await grid(), first);
  await assert.rejects(
    sessions.run(film, () => Promise.reject(new Error('broken')), never),
    /broken/u,
  );
  assert.notEqual(await grid(), first);
});
