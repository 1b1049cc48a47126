// Colours by the numbers of ISO/IEC 23091-2: 1 BT.709, 2 unspecified, 5 BT.470BG (625 lines), 6 SMPTE 170M (525 lines), 9 BT.2020, 16 PQ, 18 HLG.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { assumedColor, encodedColor, videoRange } from '../../../src/media/model/color.ts';
import type { ColorDescription } from '../../../src/media/model/description.ts';

type Numbers = [primaries: number, transfer: number, matrix: number, fullRange?: boolean];
type Size = [width: number, height: number];

function color([primaries, transfer, matrix, fullRange = false]: Numbers): ColorDescription {
  return { primaries, transfer, matrix, fullRange };
}

function sizeOf([width, height]: Size): { width: number; height: number } {
  return { width, height };
}

const UNSTATED: Numbers = [2, 2, 2];

suite('assumed colour', () => {
  const ROWS: { what: string; stated: Numbers; size: Size; expected: Numbers }[] = [
    { what: 'unstated in 1080p', stated: UNSTATED, size: [1920, 1080], expected: [1, 1, 1] },
    { what: 'unstated in 720p', stated: UNSTATED, size: [1280, 720], expected: [1, 1, 1] },
    { what: 'unstated in a wide 1280 x 536', stated: UNSTATED, size: [1280, 536], expected: [1, 1, 1] },
    { what: 'unstated in a narrow 720 x 1280', stated: UNSTATED, size: [720, 1280], expected: [1, 1, 1] },
    { what: 'unstated in PAL', stated: UNSTATED, size: [720, 576], expected: [5, 1, 6] },
    { what: 'unstated in NTSC', stated: UNSTATED, size: [720, 480], expected: [6, 1, 6] },
    { what: 'unstated in NTSC of 486 lines', stated: UNSTATED, size: [720, 486], expected: [6, 1, 6] },
    { what: 'unstated in another small size', stated: UNSTATED, size: [640, 360], expected: [1, 1, 6] },
    { what: 'just below HD', stated: UNSTATED, size: [1279, 576], expected: [5, 1, 6] },
    { what: 'just HD by its height', stated: UNSTATED, size: [1024, 577], expected: [1, 1, 1] },
    { what: 'stated, against the size', stated: [1, 1, 1], size: [720, 576], expected: [1, 1, 1] },
    { what: 'a matrix alone', stated: [2, 2, 9], size: [1920, 1080], expected: [9, 1, 9] },
    { what: 'PQ alone', stated: [2, 16, 2], size: [1920, 1080], expected: [9, 16, 9] },
    { what: 'HLG alone, in a small size', stated: [2, 18, 2], size: [640, 360], expected: [9, 18, 9] },
    { what: 'PQ with the primaries of BT.709', stated: [1, 16, 2], size: [1920, 1080], expected: [1, 16, 9] },
    { what: 'full range stays', stated: [2, 2, 2, true], size: [1920, 1080], expected: [1, 1, 1, true] },
  ];
  for (const { what, stated, size, expected } of ROWS)
    test(what, () => assert.deepEqual(assumedColor(color(stated), sizeOf(size)), color(expected)));
});

suite('colour of an encode', () => {
  const ROWS: { what: string; assumed: Numbers; size: Size; expected: Numbers }[] = [
    { what: 'BT.709', assumed: [1, 1, 1], size: [1920, 1080], expected: [1, 1, 1] },
    { what: 'BT.601 in any size', assumed: [5, 1, 6], size: [1920, 1080], expected: [5, 1, 6] },
    { what: 'BT.2020 without HDR', assumed: [9, 14, 9], size: [1920, 1080], expected: [9, 14, 9] },
    { what: 'full range becomes limited', assumed: [1, 1, 1, true], size: [1920, 1080], expected: [1, 1, 1] },
    { what: 'PQ is tone-mapped', assumed: [9, 16, 9], size: [3840, 2160], expected: [1, 1, 1] },
    { what: 'HLG is tone-mapped', assumed: [9, 18, 9, true], size: [640, 360], expected: [1, 1, 1] },
    { what: 'RGB in HD', assumed: [1, 13, 0], size: [1280, 720], expected: [1, 13, 1] },
    { what: 'RGB in a small size', assumed: [1, 13, 0], size: [640, 480], expected: [1, 13, 6] },
    { what: 'YCgCo, which players do not support', assumed: [1, 1, 8], size: [1920, 1080], expected: [1, 1, 1] },
  ];
  for (const { what, assumed, size, expected } of ROWS)
    test(what, () => assert.deepEqual(encodedColor(color(assumed), sizeOf(size)), color(expected)));
});

suite('VIDEO-RANGE', () => {
  for (const [transfer, range] of [
    [1, 'SDR'],
    [2, 'SDR'],
    [14, 'SDR'],
    [16, 'PQ'],
    [17, 'SDR'],
    [18, 'HLG'],
  ] as const)
    test(`transfer ${transfer} is ${range}`, () => assert.equal(videoRange({ transfer }), range));
});
