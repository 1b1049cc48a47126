// What counts as a message of a worker: replies, failures, results. Anything else is refused.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { failureOf, isResultOf, parseReply, type RawReply } from '../../../src/media/pool/worker-messages.ts';
import type { WorkerResults } from '../../../src/media/worker/protocol/protocol.ts';

suite('replies', () => {
  const failed = { type: 'failed', id: 3, code: 'MEDIA_FAILED', message: 'It failed', detail: undefined } as const;
  const ROWS: { what: string; message: unknown; expected: RawReply | undefined }[] = [
    { what: 'ready', message: { type: 'ready' }, expected: { type: 'ready' } },
    { what: 'pong, without anything else', message: { type: 'pong', id: 1 }, expected: { type: 'pong' } },
    { what: 'done', message: { type: 'done', id: 3, result: 7 }, expected: { type: 'done', id: 3, result: 7 } },
    {
      what: 'done without a result',
      message: { type: 'done', id: 3 },
      expected: { type: 'done', id: 3, result: undefined },
    },
    { what: 'done without an id', message: { type: 'done', result: 7 }, expected: undefined },
    { what: 'an id that is text', message: { type: 'done', id: '3' }, expected: undefined },
    {
      what: 'a question for buffered bytes',
      message: { type: 'query-buffered', id: 3, url: 'u', start: 5, more: 1 },
      expected: { type: 'query-buffered', id: 3, url: 'u', start: 5 },
    },
    { what: 'a question without a start', message: { type: 'query-buffered', id: 3, url: 'u' }, expected: undefined },
    { what: 'a question without a URL', message: { type: 'query-buffered', id: 3, start: 5 }, expected: undefined },
    { what: 'a failure', message: failed, expected: failed },
    {
      what: 'a failure with its detail',
      message: { ...failed, detail: 'at x' },
      expected: { ...failed, detail: 'at x' },
    },
    { what: 'a detail that is no text', message: { ...failed, detail: 5 }, expected: failed },
    { what: 'a failure without a code', message: { ...failed, code: undefined }, expected: undefined },
    { what: 'a failure without a sentence', message: { ...failed, message: 5 }, expected: undefined },
    { what: 'another type', message: { type: 'job', id: 3 }, expected: undefined },
    { what: 'no type', message: { id: 3 }, expected: undefined },
    { what: 'a list', message: ['ready'], expected: undefined },
    { what: 'text', message: 'ready', expected: undefined },
    { what: 'null', message: null, expected: undefined },
    { what: 'nothing', message: undefined, expected: undefined },
  ];
  for (const { what, message, expected } of ROWS) test(what, () => assert.deepEqual(parseReply(message), expected));
});

suite('failures', () => {
  const ROWS: {
    what: string;
    reply: [code: string, message: string, detail?: string];
    expected: [code: string, sentence: string];
  }[] = [
    { what: 'a known code', reply: ['MEDIA_FAILED', 'It failed'], expected: ['MEDIA_FAILED', 'It failed'] },
    { what: 'an unknown code', reply: ['OTHER', 'It failed'], expected: ['INTERNAL', 'It failed'] },
    { what: 'a code that objects have', reply: ['constructor', 'It failed'], expected: ['INTERNAL', 'It failed'] },
    { what: 'a full disk by its code', reply: ['ENOSPC', 'write'], expected: ['DISK_FULL', 'The disk is full'] },
    {
      what: 'a full disk by its sentence',
      reply: ['INTERNAL', 'ENOSPC: no space left on device'],
      expected: ['DISK_FULL', 'The disk is full'],
    },
    {
      what: 'a full disk by its detail',
      reply: ['MEDIA_FAILED', 'It failed', 'Error: ENOSPC'],
      expected: ['DISK_FULL', 'The disk is full'],
    },
  ];
  for (const { what, reply, expected } of ROWS)
    test(what, () => {
      const [code, message, detail] = reply;
      const error = failureOf({ code, message, detail });
      assert.deepEqual([error.code, error.message], expected);
      assert.equal(error.cause instanceof Error ? error.cause.message : error.cause, detail);
    });
});

type Kind = keyof WorkerResults;

/** Whole results; each of their fields is required. */
const WHOLE: Record<Kind, Record<string, unknown>> = {
  segment: { sizeBytes: 5 },
  'clip-piece': {
    video: { sizes: [1], times: [0], syncs: [0] },
    audio: { sizes: [], times: [], syncs: [] },
  },
  describe: { container: 'mpegts', videos: [], audio: [], subtitles: [] },
  scan: {
    keyframes: [0],
    keyframeBytes: [0, 9],
    starts: new Map(),
    hasHidden: false,
    hasChanges: false,
    hasUntimed: false,
    frameCount: 1,
    startTicks: 0,
    endTicks: 1,
    endSeconds: 1,
    reorderFrames: 0,
    stepTicks: 0,
  },
  verify: { isStart: [true], hasChanges: false },
  'encoder-header': { configuration: new Uint8Array(1) },
};

suite('results', () => {
  for (const kind of ['segment', 'clip-piece', 'describe', 'scan', 'verify', 'encoder-header'] as const)
    test(kind, () => {
      const whole = WHOLE[kind];
      assert.equal(isResultOf(kind, whole), true);
      for (const field of Object.keys(whole)) {
        for (const wrong of [undefined, null, 'x'])
          if (typeof whole[field] !== typeof wrong)
            assert.equal(isResultOf(kind, { ...whole, [field]: wrong }), false, `${field}: ${wrong}`);
      }
      for (const wrong of [undefined, null, 5, 'x', []]) assert.equal(isResultOf(kind, wrong), false);
    });

  const ROWS: { what: string; kind: Kind; differs: Record<string, unknown> }[] = [
    { what: 'a keyframe that is text', kind: 'scan', differs: { keyframes: [0, '1'] } },
    { what: 'bytes before keyframes that are missing', kind: 'scan', differs: { keyframeBytes: [undefined] } },
    { what: 'starts in another form', kind: 'scan', differs: { starts: {} } },
    { what: 'a start that is a number', kind: 'verify', differs: { isStart: [1] } },
    { what: 'a configuration as a list', kind: 'encoder-header', differs: { configuration: [1] } },
    { what: 'tracks as an object', kind: 'describe', differs: { audio: {} } },
    { what: 'samples without sizes', kind: 'clip-piece', differs: { audio: { times: [], syncs: [] } } },
    {
      what: 'a sync sample that is no number',
      kind: 'clip-piece',
      differs: { video: { sizes: [], times: [], syncs: [true] } },
    },
  ];
  for (const { what, kind, differs } of ROWS)
    test(what, () => assert.equal(isResultOf(kind, { ...WHOLE[kind], ...differs }), false));
});
