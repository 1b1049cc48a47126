// Names in addresses are matched as a whole: nothing that only contains a good name is one.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  parseCastRenditionName,
  parseMuxedSegmentName,
  parseSegmentName,
  parseSubtitleName,
} from '../../src/presentation/segment-name.ts';

const KINDS: [good: string, parse: (name: string) => unknown][] = [
  ['segment-a1-00012.ts', parseMuxedSegmentName],
  ['segment12.ts', parseMuxedSegmentName],
  ['segment00012.m4s', (name) => parseSegmentName('cmaf', name)],
  ['segment00012.ts', (name) => parseSegmentName('mpegts', name)],
  ['0.vtt', parseSubtitleName],
  ['cast-1', parseCastRenditionName],
];

test('a name is a name as a whole, and not what a path or another name contains', () => {
  for (const [good, parse] of KINDS) {
    assert.notEqual(parse(good), undefined, good);
    const around = ['../', '..\\', '/', 'x', '\0', '%2e%2e%2f', ' ', '\n'];
    for (const each of around) {
      assert.equal(parse(each + good), undefined, JSON.stringify(each + good));
      assert.equal(parse(good + each), undefined, JSON.stringify(good + each));
    }
    assert.equal(parse(`${good}/../${good}`), undefined, good);
    assert.equal(parse(good.replace(/\d/u, '-1')), undefined, good);
  }
});
