// The ends of tracks, by what a container and a measurement state. All times are seconds.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { ContainerIndex, VideoIndex } from '../../../src/media/index/container/container-index.ts';
import type { Origin } from '../../../src/media/model/rendition-track.ts';
import type { Findings } from '../../../src/media/probe/findings.ts';
import { containerEnd, lastEnd, videoEnd } from '../../../src/media/probe/track-ends.ts';
import type { ScanResult } from '../../../src/media/worker/protocol/protocol.ts';
import type { Source } from '../../../src/sources/port/source.ts';
import { AUDIO, factsOf, VIDEO } from '../../support/facts/media-facts.ts';

const HZ = 90_000;

const SOURCE: Source = {
  id: 'a film',
  name: 'film',
  sizeBytes: 1,
  seekable: true,
  input: { kind: 'endpoint', url: 'http://127.0.0.1/', headers: '' },
  read: () => assert.fail('the ends are known without a read'),
  stream: () => assert.fail('the ends are known without a read'),
  [Symbol.asyncDispose]: async () => undefined,
};

const VIDEO_INDEX: VideoIndex = {
  streamIndex: 0,
  timeBase: VIDEO.timeBase,
  keyframes: [0],
  gopStarts: undefined,
  startTicks: undefined,
  endTicks: undefined,
  isEdited: false,
  positions: undefined,
  isCutShort: false,
  isExact: true,
  frameRate: undefined,
  frameCount: undefined,
  hasChanges: false,
  readHeads: undefined,
};

const SCAN: ScanResult = {
  keyframes: [0],
  frameCount: 1,
  startTicks: 0,
  endTicks: 0,
  keyframeBytes: [],
  starts: new Map(),
  hasHidden: false,
  endSeconds: 0,
  reorderFrames: 0,
  hasChanges: false,
  hasUntimed: false,
  stepTicks: 0,
  splices: undefined,
};

interface Stated {
  container?: ContainerIndex['container'];
  /** What the container's index states. */
  indexed?: number;
  /** What the demuxer states. */
  described?: number;
  video?: Partial<VideoIndex>;
  /** The end that each audio track states. */
  audio?: (number | undefined)[];
  /** By edit lists, by stream. */
  edited?: [stream: number, end: number][];
  scan?: Partial<ScanResult>;
}

function findingsOf({ container, indexed, described, video, audio = [], edited, scan }: Stated): Findings {
  const tracks = audio.map((end, index) => {
    const endTicks = end === undefined ? undefined : end * AUDIO.timeBase.den;
    return { ...AUDIO, streamIndex: index + 1, endTicks };
  });
  return {
    source: SOURCE,
    run: () => assert.fail('the ends are known without a job'),
    isRandomAccess: true,
    isMeasurable: Promise.resolve(true),
    heads: Promise.resolve(new Map()),
    description: { ...factsOf().description, durationSeconds: described, audio: tracks },
    index: container && {
      container,
      durationSeconds: indexed,
      video: { ...VIDEO_INDEX, ...video },
      chapters: [],
      ...(edited && { ends: new Map(edited) }),
    },
    scan: scan && { ...SCAN, ...scan },
  };
}

function originAt(seconds: number): Origin {
  return { ticks: seconds * HZ, timeBase: { num: 1, den: HZ } };
}

suite('end by the container', () => {
  const FROM_TWO = originAt(2);
  const ROWS: { what: string; stated: Stated; origin: Origin; end: number | undefined }[] = [
    { what: 'nothing is stated', stated: { container: 'mp4' }, origin: FROM_TWO, end: undefined },
    { what: 'counts from timestamp zero', stated: { container: 'mp4', indexed: 60 }, origin: FROM_TWO, end: 58 },
    {
      what: 'in MPEG-TS from the first frame',
      stated: { container: 'mpegts', indexed: 60 },
      origin: FROM_TWO,
      end: 60,
    },
    { what: 'without an index too', stated: { described: 60 }, origin: FROM_TWO, end: 60 },
    {
      what: 'the index goes before the demuxer',
      stated: { container: 'matroska', indexed: 60, described: 61 },
      origin: FROM_TWO,
      end: 58,
    },
    {
      what: 'a keyframe beyond it: it counts from the first frame',
      stated: { container: 'matroska', indexed: 60, video: { keyframes: [100 * HZ, 155 * HZ] } },
      origin: originAt(100),
      end: 60,
    },
    {
      what: 'a keyframe at it',
      stated: { container: 'matroska', indexed: 60, video: { keyframes: [2 * HZ, 60 * HZ] } },
      origin: FROM_TWO,
      end: 58,
    },
    {
      what: 'keyframes have the clock of the video, the origin may have a finer one',
      stated: {
        container: 'matroska',
        indexed: 60,
        video: { keyframes: [100_000, 155_000], timeBase: { num: 1, den: 1000 } },
      },
      origin: { ticks: 100 * 24_000, timeBase: { num: 1, den: 24_000 } },
      end: 60,
    },
  ];
  for (const { what, stated, origin, end } of ROWS)
    test(what, () => assert.equal(containerEnd(findingsOf(stated), origin), end));
});

suite('end of the video', () => {
  const ROWS: { what: string; stated: Stated; end: number }[] = [
    {
      what: 'as measured',
      stated: { container: 'mp4', video: { endTicks: 50 * HZ }, scan: { endTicks: 42 * HZ } },
      end: 40,
    },
    { what: 'as the tables state', stated: { container: 'mp4', indexed: 60, video: { endTicks: 50 * HZ } }, end: 48 },
    { what: 'as the container states', stated: { container: 'mp4', indexed: 60 }, end: 58 },
    {
      what: 'a measured end before the start counts as not measured',
      stated: { container: 'mp4', indexed: 60, scan: { endTicks: HZ } },
      end: 58,
    },
  ];
  for (const { what, stated, end } of ROWS)
    test(what, () => assert.equal(videoEnd(findingsOf(stated), VIDEO, originAt(2)), end));

  for (const indexed of [undefined, 1, 2])
    test(`${indexed} s stated, which is nothing after the start`, () => {
      const stated: Stated = { container: 'mp4', ...(indexed !== undefined && { indexed }) };
      assert.throws(() => videoEnd(findingsOf(stated), VIDEO, originAt(2)), { code: 'NOT_MEDIA' });
    });
});

suite('end of the last track', () => {
  const ROWS: { what: string; stated: Stated; end: number }[] = [
    {
      what: 'as measured, whatever is stated',
      stated: { container: 'mp4', indexed: 60, audio: [70], scan: { endSeconds: 45 } },
      end: 43,
    },
    { what: 'of the longest audio track', stated: { container: 'mp4', indexed: 60, audio: [30, 52] }, end: 50 },
    {
      what: 'an edit list goes before the track',
      stated: { container: 'mp4', audio: [30, 52], edited: [[2, 41]] },
      end: 39,
    },
    { what: 'one audio track states none', stated: { container: 'mp4', indexed: 60, audio: [30, undefined] }, end: 58 },
    { what: 'no audio', stated: { container: 'mp4', indexed: 60 }, end: 0 },
    { what: 'audio that ends before the start', stated: { container: 'mp4', indexed: 60, audio: [1] }, end: 0 },
    {
      what: 'Matroska states the end of the file only',
      stated: { container: 'matroska', indexed: 60, audio: [30] },
      end: 58,
    },
    { what: 'nothing is stated', stated: { container: 'matroska' }, end: 0 },
    {
      what: 'a file that is cut off ends with its video',
      stated: { container: 'mp4', indexed: 60, audio: [52], video: { isCutShort: true } },
      end: 0,
    },
  ];
  for (const { what, stated, end } of ROWS)
    test(what, () => assert.equal(lastEnd(findingsOf(stated), originAt(2)), end));
});
