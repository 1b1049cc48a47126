// The audio track that plays when nobody has chosen one.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { defaultAudioIndex } from '../../src/presentation/default-audio.ts';

const track = (language: string, isDefault = false, reason?: string) => ({
  ...{ language, isDefault, reason },
  role: 'main' as const,
});
const SILENT = 'There is no decoder for it.';

const CASES: [name: string, tracks: Parameters<typeof defaultAudioIndex>[0], index: number][] = [
  ['the first English one', [track('ger', true), track('eng'), track('en-GB')], 1],
  ['else the default one of the film', [track('ger'), track('fre', true)], 1],
  ['else the first', [track('ger'), track('fre')], 0],
  ['one that is heard before one that is not', [track('eng', true, SILENT), track('fre'), track('ger', true)], 2],
  ['an English one that is heard', [track('eng', true, SILENT), track('fre', true), track('eng')], 2],
  ['the usual one where none is heard', [track('fre', false, SILENT), track('eng', false, SILENT)], 1],
  [
    'the film’s own sound before its description',
    [{ ...track('eng', true), role: 'description' }, track('fre'), track('eng')],
    2,
  ],
  ['the film’s own sound before a commentary', [{ ...track('eng', true), role: 'commentary' }, track('fre')], 1],
  ['a commentary where there is nothing else', [{ ...track('eng'), role: 'commentary' }], 0],
  ['nothing', [], 0],
];

for (const [name, tracks, index] of CASES) {
  test(`without a choice plays ${name}`, () => assert.equal(defaultAudioIndex(tracks), index));
}
