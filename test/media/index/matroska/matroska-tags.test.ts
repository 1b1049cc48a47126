// The DURATION tag of a track, as mkvmerge and libavformat write it.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ID } from '../../../../src/media/index/matroska/matroska-ids.ts';
import { parseTrackDuration } from '../../../../src/media/index/matroska/matroska-tags.ts';
import { element, number, text } from '../matroska-synthetic.ts';
import { viewOf } from '../view-of.ts';

/** The track that is asked for, as its TrackUID is written and read. */
const UID = 0x0a0b;
const OTHER = 3;

/** A tag for tracks; values by name. */
function tag(uids: number[], values: Record<string, string>): Buffer {
  const simple = Object.entries(values).map(([name, value]) =>
    element(ID.simpleTag, text(ID.tagName, name), text(ID.tagString, value)),
  );
  return element(ID.tag, element(ID.targets, ...uids.map((uid) => number(ID.tagTrackUid, uid))), ...simple);
}

suite('clocks', () => {
  const ROWS: { what: string; clock: string; seconds: number | undefined }[] = [
    { what: 'nine decimals', clock: '01:02:03.500000000', seconds: 3723.5 },
    { what: 'no decimals', clock: '00:01:00', seconds: 60 },
    { what: 'zero', clock: '00:00:00.000000000', seconds: 0 },
    { what: 'more than 99 hours', clock: '100:00:00.0', seconds: 360_000 },
    { what: 'spaces and zeros around it', clock: ' 00:00:02.25 \0\0', seconds: 2.25 },
    { what: 'a number of seconds', clock: '60.5', seconds: undefined },
    { what: 'a negative one', clock: '-00:00:01.0', seconds: undefined },
    { what: 'a point without decimals', clock: '00:00:01.', seconds: undefined },
    { what: 'ten decimals', clock: '00:00:01.0000000001', seconds: undefined },
    { what: 'a decimal comma', clock: '00:00:01,5', seconds: undefined },
    { what: 'words', clock: 'unknown', seconds: undefined },
    { what: 'nothing', clock: '', seconds: undefined },
  ];
  for (const { what, clock, seconds } of ROWS)
    test(what, () =>
      assert.equal(parseTrackDuration(viewOf(tag([UID], { DURATION: clock })), 'a0b')?.seconds, seconds),
    );
});

suite('tags', () => {
  const DURATION = '00:00:09.000000000';
  const ROWS: { what: string; tags: Buffer[]; expected: [seconds: number, isFromFirstFrame: boolean] | undefined }[] = [
    { what: 'of libavformat', tags: [tag([UID], { ENCODER: 'Lavc', DURATION })], expected: [9, false] },
    {
      what: 'of mkvmerge',
      tags: [tag([UID], { BPS: '1', DURATION, _STATISTICS_WRITING_APP: 'mkvmerge v80' })],
      expected: [9, true],
    },
    { what: 'of another track', tags: [tag([OTHER], { DURATION })], expected: undefined },
    { what: 'of two tracks', tags: [tag([OTHER, UID], { DURATION })], expected: [9, false] },
    { what: 'of the whole segment', tags: [tag([], { DURATION })], expected: undefined },
    { what: 'without a duration', tags: [tag([UID], { BPS: '1' })], expected: undefined },
    { what: 'with a duration in one language', tags: [tag([UID], { 'DURATION-eng': DURATION })], expected: undefined },
    {
      what: 'the second one has the duration',
      tags: [tag([OTHER], { DURATION: '00:00:01.0' }), tag([UID], { BPS: '1' }), tag([UID], { DURATION })],
      expected: [9, false],
    },
    {
      what: 'a damaged duration before a good one',
      tags: [tag([UID], { DURATION: '?' }), tag([UID], { DURATION })],
      expected: [9, false],
    },
    {
      what: 'without targets',
      tags: [element(ID.tag, element(ID.simpleTag, text(ID.tagName, 'DURATION'), text(ID.tagString, DURATION)))],
      expected: undefined,
    },
    { what: 'none', tags: [], expected: undefined },
  ];
  for (const { what, tags, expected } of ROWS)
    test(what, () => {
      const found = parseTrackDuration(viewOf(...tags), 'a0b');
      assert.deepEqual(found && [found.seconds, found.isFromFirstFrame], expected);
    });

  test('the source has no tags', () => assert.equal(parseTrackDuration(undefined, 'a0b'), undefined));
});
