// Rules for encoders, seen from outside: which worker process is told to encode what, and which processes are alive.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAbort } from '../../../src/base/app-error.ts';
import { SegmentStudio } from '../../support/workers/segment-studio.ts';

describe('an encoder', () => {
  it('goes on from segment to segment', async () => {
    await using studio = await SegmentStudio.open();
    const rendition = studio.rendition('encoded', 'run');
    for (let number = 3; number < 8; number += 1) await studio.request(rendition, number);
    assert.equal((await studio.pids()).length, 1);
    assert.deepEqual((await studio.begun()).slice(0, 5), [3, 4, 5, 6, 7]);
  });

  it('makes a segment once for a hundred parallel requests', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 0 } });
    const rendition = studio.rendition('encoded', 'run', { segmentMs: 100 });
    await Promise.all(Array.from({ length: 100 }, (_, index) => studio.request(rendition, 7, `viewer ${index}`)));
    assert.deepEqual(await studio.begun(), [7]);
  });

  it('is waited for by who wants a segment it comes to soon', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 0 } });
    const rendition = studio.rendition('encoded', 'run', { segmentMs: 50 });
    await studio.request(rendition, 10);
    await studio.request(rendition, 13);
    assert.deepEqual(await studio.begun(), [10, 11, 12, 13]);
    assert.equal((await studio.pids()).length, 1);
  });

  it('serves parallel requests in any order from the lowest on', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 0 } });
    const rendition = studio.rendition('encoded', 'run', { segmentMs: 50 });
    await Promise.all([12, 10, 11].map((number) => studio.request(rendition, number)));
    assert.deepEqual(
      (await studio.events('done')).map(({ number }) => number),
      [10, 11, 12],
    );
    assert.equal((await studio.alive()).length, 1);
  });

  it('is replaced when the viewer jumps forward or back, and the old process ends', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 400 } });
    const rendition = studio.rendition('encoded', 'run', { segmentMs: 100 });
    await studio.request(rendition, 10);
    await studio.request(rendition, 300);
    await studio.until(async () => (await studio.alive()).length === 1, 'one encoder lives');
    await studio.request(rendition, 4);
    await studio.until(async () => (await studio.alive()).length === 1, 'one encoder lives');
    const begun = await studio.begun();
    assert.ok([10, 300, 4].every((number) => begun.includes(number)));
    assert.ok(begun.every((number) => number < 60 || number >= 300));
    assert.equal(studio.scheduler.stats.encoderRuns, 1);
  });

  it('that is idle goes where the viewer jumps, without a new process', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 0 } });
    const rendition = studio.rendition('encoded', 'run');
    for (const number of [10, 300, 4]) await studio.request(rendition, number);
    assert.deepEqual(await studio.begun(), [10, 300, 4]);
    assert.equal((await studio.pids()).length, 1);
  });

  it('passes over what is there already', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 0 } });
    const rendition = studio.rendition('encoded', 'run');
    for (const number of [11, 12, 10]) await studio.request(rendition, number);
    await studio.request(rendition, 13);
    assert.deepEqual(
      (await studio.begun()).toSorted((a, b) => a - b),
      [10, 11, 12, 13],
    );
  });
});

describe('the newest wish of a viewer', () => {
  it('wins over an older one, which is served afterwards when somebody still waits', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 0 } });
    const rendition = studio.rendition('encoded', 'run', { segmentMs: 300 });
    const older = studio.request(rendition, 10);
    await studio.until(async () => (await studio.begun()).length === 1, 'the older one has begun');
    const newer = studio.request(rendition, 200);
    const first = await Promise.race([older.then(() => 'older'), newer.then(() => 'newer')]);
    assert.equal(first, 'newer');
    await older;
    assert.deepEqual(await studio.begun(), [10, 200, 10]);
  });

  it('ends the encoder of another rendition, and not the jobs of the sound', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 100 } });
    const large = studio.rendition('1080p', 'run', { segmentMs: 100 });
    const sound = { ...studio.rendition('audio', 'short', { segmentMs: 500 }), medium: 'audio' as const };
    await studio.request(large, 0);
    const heard = studio.request(sound, 0);
    await studio.request(studio.rendition('480p', 'run', { segmentMs: 100 }), 1);
    assert.equal(studio.scheduler.stats.encoderRuns, 1);
    const [largePid] = await studio.pids('1080p');
    await studio.until(async () => !(await studio.alive()).includes(largePid ?? 0), 'the first encoder is gone');
    assert.equal((await heard).sizeBytes, 1000);
  });

  it('leaves an encoder alone that another viewer uses', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 20 } });
    const rendition = studio.rendition('encoded', 'run', { segmentMs: 50 });
    await Promise.all([studio.request(rendition, 10, 'one'), studio.request(rendition, 11, 'two')]);
    assert.equal((await studio.pids()).length, 1);
    await studio.request(rendition, 300, 'one');
    await studio.request(rendition, 12, 'two');
    assert.equal(studio.scheduler.stats.encoderRuns, 2);
    assert.equal((await studio.alive()).length, 2);
  });
});

describe('an encoder works ahead', () => {
  it('of the newest wish by so many seconds and no further', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 6 } });
    const rendition = studio.rendition('encoded', 'run', { segmentMs: 5 });
    await studio.request(rendition, 0);
    await studio.until(() => studio.store.peek(rendition, 3), 'three segments are ahead');
    await sleep(200);
    assert.deepEqual(await studio.begun(), [0, 1, 2, 3]);
    await studio.request(rendition, 2);
    await studio.until(() => studio.store.peek(rendition, 5), 'three segments are ahead again');
    await sleep(200);
    assert.deepEqual(await studio.begun(), [0, 1, 2, 3, 4, 5]);
  });

  it('by so many bytes and no further', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 100, aheadBytes: 2500 } });
    const rendition = studio.rendition('encoded', 'run', { segmentMs: 5, sizeBytes: 1000 });
    await studio.request(rendition, 0);
    await studio.until(() => studio.store.peek(rendition, 2), 'two segments are ahead');
    await sleep(200);
    assert.deepEqual(await studio.begun(), [0, 1, 2]);
  });

  it('until nobody has wished for a while, and ends when that lasts', async () => {
    await using studio = await SegmentStudio.open({
      scheduler: { aheadSeconds: 1000, pauseAfterMs: 300, endAfterMs: 1200 },
    });
    const rendition = studio.rendition('encoded', 'run', { segmentMs: 40 });
    await studio.request(rendition, 0);
    await sleep(500);
    const whenPaused = await studio.begun();
    assert.ok(whenPaused.length > 1 && whenPaused.length < 20, `${whenPaused.length} segments`);
    await sleep(300);
    assert.deepEqual(await studio.begun(), whenPaused);
    assert.equal((await studio.alive()).length, 1);
    await studio.until(async () => (await studio.alive()).length === 0, 'the encoder has ended');
    assert.equal(studio.scheduler.stats.encoderRuns, 0);
    await studio.request(rendition, 40);
  });
});

describe('an encoder ends', () => {
  it('when all hundred who waited have given up', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { graceMs: 100 } });
    const rendition = studio.rendition('encoded', 'run', { segmentMs: 5000 });
    const controllers = Array.from({ length: 100 }, () => new AbortController());
    const requests = controllers.map(({ signal }, index) =>
      studio.scheduler.request({ rendition, number: index % 3, viewer: `viewer ${index}` }, signal),
    );
    const outcomes = Promise.allSettled(requests);
    await studio.until(async () => (await studio.begun()).length === 1, 'the encoder has begun');
    for (const controller of controllers) controller.abort();
    for (const outcome of await outcomes) assert.ok(outcome.status === 'rejected' && isAbort(outcome.reason));
    await studio.until(async () => (await studio.alive()).length === 0, 'the encoder is gone');
    await studio.until(async () => (await studio.drafts()).length === 0, 'no draft is left');
    const { encoderRuns, flights, inLine } = studio.scheduler.stats;
    assert.deepEqual({ encoderRuns, flights, inLine }, { encoderRuns: 0, flights: 0, inLine: 0 });
  });

  it('not when a client gives up and asks again', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 0, graceMs: 300 } });
    const rendition = studio.rendition('encoded', 'run', { segmentMs: 1000 });
    const impatient = AbortSignal.timeout(600);
    await assert.rejects(studio.scheduler.request({ rendition, number: 4, viewer: 'viewer' }, impatient));
    await studio.request(rendition, 4);
    assert.deepEqual(await studio.begun(), [4]);
  });

  it('when its only viewer is gone', async () => {
    await using studio = await SegmentStudio.open();
    const rendition = studio.rendition('encoded', 'run', { segmentMs: 100 });
    await Promise.all([studio.request(rendition, 0, 'one'), studio.request(rendition, 0, 'two')]);
    studio.scheduler.viewerGone('one');
    assert.equal(studio.scheduler.stats.encoderRuns, 1);
    studio.scheduler.viewerGone('two');
    await studio.until(async () => (await studio.alive()).length === 0, 'the encoder is gone');
  });
});

describe('over the cap', () => {
  it('the encoder with the oldest wish goes', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { maxEncoders: 2, aheadSeconds: 0 } });
    for (const key of ['a', 'b']) await studio.request(studio.rendition(key, 'run'), 0, key);
    await studio.request(studio.rendition('c', 'run'), 0, 'c');
    assert.equal(studio.scheduler.stats.encoderRuns, 2);
    const [pid] = await studio.pids('a');
    await studio.until(async () => !(await studio.alive()).includes(pid ?? 0), 'the oldest is gone');
    assert.equal((await studio.alive()).length, 2);
  });

  it('a request waits in line while all encoders are waited for, and gets its turn', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { maxEncoders: 1, aheadSeconds: 1000, turnMs: 500 } });
    const first = studio.rendition('a', 'run', { segmentMs: 100 });
    const second = studio.rendition('b', 'run', { segmentMs: 100 });
    let isServed = false;
    const playing = (async () => {
      for (let number = 0; !isServed; number += 1) await studio.request(first, number, 'one');
    })();
    await studio.until(async () => (await studio.begun('a')).length > 0, 'the first encoder works');
    const waiting = studio.request(second, 0, 'two');
    await studio.until(() => studio.scheduler.stats.inLine === 1, 'the second request is in line');
    await waiting;
    isServed = true;
    await playing;
    const begun = (await studio.events('start')).map(({ key }) => key);
    assert.ok(begun.indexOf('b') >= 3, `the first encoder has had its turn: ${begun.join(' ')}`);
    assert.ok(studio.scheduler.stats.encoderRuns <= 1);
  });

  it('requests of one viewer that waited in line are served from the lowest on', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { maxEncoders: 1, aheadSeconds: 0 } });
    const other = studio.request(studio.rendition('a', 'run', { segmentMs: 500 }), 0, 'one');
    await studio.until(async () => (await studio.begun('a')).length > 0, 'the only encoder works');
    const rendition = studio.rendition('b', 'run');
    await Promise.all([50, 51, 52].map((number) => studio.request(rendition, number, 'two')));
    await other;
    assert.deepEqual(await studio.begun('b'), [50, 51, 52]);
  });
});
