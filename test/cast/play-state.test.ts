// Status messages of Cast devices, complete, incomplete and wrong.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { payloadOf } from '../../src/cast/payload.ts';
import { isOver, mediaStatus, receiverStatus, type PlayState } from '../../src/cast/play-state.ts';

function payload(members: Record<string, unknown>): ReadonlyMap<string, unknown> {
  const read = payloadOf(members);
  assert.ok(read);
  return read;
}

suite('state of the media', () => {
  const ROWS: { playerState?: unknown; idleReason?: unknown; state: PlayState; over: boolean }[] = [
    { playerState: 'PLAYING', state: 'playing', over: false },
    { playerState: 'PAUSED', state: 'paused', over: false },
    { playerState: 'BUFFERING', state: 'buffering', over: false },
    { playerState: 'LOADING', state: 'loading', over: false },
    { playerState: 'IDLE', state: 'idle', over: false },
    { playerState: 'IDLE', idleReason: 'FINISHED', state: 'finished', over: true },
    { playerState: 'IDLE', idleReason: 'CANCELLED', state: 'stopped', over: true },
    { playerState: 'IDLE', idleReason: 'INTERRUPTED', state: 'taken', over: true },
    { playerState: 'IDLE', idleReason: 'ERROR', state: 'failed', over: true },
    { playerState: 'PLAYING', idleReason: 'FINISHED', state: 'playing', over: false },
    { playerState: 7, state: 'idle', over: false },
    { state: 'idle', over: false },
  ];
  for (const { state, over, ...status } of ROWS)
    test(`${JSON.stringify(status)} is ${state}`, () => {
      assert.equal(mediaStatus(payload({ mediaSessionId: 1, ...status }))?.state, state);
      assert.equal(isOver(state), over);
    });

  test('numbers of other kinds count as not stated', () => {
    const status = payload({ mediaSessionId: 3, currentTime: '12', activeTrackIds: [1, '2', null], media: [] });
    assert.deepEqual(mediaStatus(status), {
      mediaSessionId: 3,
      state: 'idle',
      positionSeconds: 0,
      durationSeconds: undefined,
      activeTrackIds: [1],
    });
  });

  test('a position before the start is the start', () =>
    assert.equal(mediaStatus(payload({ mediaSessionId: 1, currentTime: -2 }))?.positionSeconds, 0));

  test('without a media session there is no status', () =>
    assert.equal(mediaStatus(payload({ playerState: 'PLAYING' })), undefined));
});

suite('state of the device', () => {
  const application = { appId: 'CC1AD845', transportId: 't', sessionId: 's' };

  test('application and volume', () =>
    assert.deepEqual(
      receiverStatus(
        payload({
          status: {
            volume: { level: 0.25, muted: true },
            applications: [{ ...application, displayName: 'Default Media Receiver', isIdleScreen: true }],
          },
        }),
      ),
      {
        application: { ...application, name: 'Default Media Receiver', isIdleScreen: true },
        volume: { level: 0.25, muted: true },
      },
    ));

  test('an application without a name is called by its id', () =>
    assert.equal(receiverStatus(payload({ status: { applications: [application] } })).application?.name, 'CC1AD845'));

  for (const status of [undefined, null, 'x', [], {}, { applications: {} }, { applications: [{ appId: 'CC1AD845' }] }])
    test(`${JSON.stringify(status)}: no application, full volume`, () =>
      assert.deepEqual(receiverStatus(payload({ status })), {
        application: undefined,
        volume: { level: 1, muted: false },
      }));
});
