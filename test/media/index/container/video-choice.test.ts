// Which of several video tracks is the main one, not a cover, a preview or a logo.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { chooseVideo } from '../../../../src/media/index/container/video-choice.ts';
import type { VideoEvidence } from '../../../../src/media/model/description.ts';

const PLAIN: VideoEvidence = {
  isDefault: false,
  isStillCodec: false,
  frameCount: undefined,
  durationSeconds: undefined,
};
const DEFAULT = { isDefault: true };
const STILL = { isStillCodec: true };

suite('the main video', () => {
  const ROWS: { what: string; tracks: Partial<VideoEvidence>[]; expected: number | undefined }[] = [
    { what: 'of none', tracks: [], expected: undefined },
    { what: 'of one, whatever it is', tracks: [{ ...STILL, frameCount: 1 }], expected: 0 },
    { what: 'the first of equals', tracks: [{}, {}], expected: 0 },
    { what: 'the default one', tracks: [{}, DEFAULT], expected: 1 },
    { what: 'the first of two default ones', tracks: [{}, DEFAULT, DEFAULT], expected: 1 },
    { what: 'one that is not in a codec of stills', tracks: [STILL, {}], expected: 1 },
    { what: 'the default one, even in a codec of stills', tracks: [{}, { ...STILL, ...DEFAULT }], expected: 1 },
    {
      what: 'of two default ones that in a codec of films',
      tracks: [{ ...STILL, ...DEFAULT }, DEFAULT],
      expected: 1,
    },
    {
      what: 'not the default one, when it has less than an eighth of the frames',
      tracks: [{ ...DEFAULT, frameCount: 124 }, { frameCount: 1000 }],
      expected: 1,
    },
    {
      what: 'the default one, when it has an eighth of the frames',
      tracks: [{ ...DEFAULT, frameCount: 125 }, { frameCount: 1000 }],
      expected: 0,
    },
    {
      what: 'not the default one, when it lasts less than an eighth of the time',
      tracks: [{ ...DEFAULT, durationSeconds: 7 }, { durationSeconds: 60 }],
      expected: 1,
    },
    {
      what: 'an unknown length may be the longest',
      tracks: [{ durationSeconds: 60, frameCount: 1000 }, DEFAULT],
      expected: 1,
    },
    {
      what: 'frames count before seconds: the longest of those that have many frames',
      tracks: [
        { frameCount: 1, durationSeconds: 6000 },
        { frameCount: 1000, durationSeconds: 60 },
      ],
      expected: 1,
    },
    { what: 'all are empty', tracks: [{ frameCount: 0 }, { ...DEFAULT, frameCount: 0 }], expected: 1 },
  ];
  for (const { what, tracks, expected } of ROWS)
    test(what, () => {
      const candidates = tracks.map((evidence) => ({ evidence: { ...PLAIN, ...evidence } }));
      assert.equal(chooseVideo(candidates), expected === undefined ? undefined : candidates[expected]);
    });
});
