import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packedLanguage } from '../../../src/media/fmp4/language-code.ts';

function unpacked(language: string): string {
  const code = packedLanguage(language);
  return String.fromCharCode(...[code >> 10, (code >> 5) & 31, code & 31].map((letter) => letter + 0x60));
}

test('languages are stated by their terminological codes', () => {
  const expected: [string, string][] = [
    ['eng', 'eng'],
    ['en', 'eng'],
    ['en-US', 'eng'],
    ['pt_BR', 'por'],
    ['ger', 'deu'],
    ['de', 'deu'],
    ['fre', 'fra'],
    ['chi', 'zho'],
    ['zh-Hant-TW', 'zho'],
    ['cze', 'ces'],
    ['JPN', 'jpn'],
    ['qaa', 'qaa'],
  ];
  for (const [language, code] of expected) assert.equal(unpacked(language), code, language);
});

test('what is no language is undetermined', () => {
  for (const language of ['', 'und', 'xx', 'english', '12', 'a']) assert.equal(unpacked(language), 'und', language);
});

/** The library of locales counts Twi as Akan. */
const COUNTED_AS_ANOTHER = ['tw'];

test('every code of two letters is that of the same language', () => {
  const letters = Array.from({ length: 26 }, (_, index) => String.fromCharCode(0x61 + index));
  const codes = letters.flatMap((first) => letters.map((second) => first + second));
  const known = codes.filter((code) => unpacked(code) !== 'und');
  assert.ok(known.length > 180, `${known.length} codes`);
  const different = known.filter((code) => {
    return Intl.getCanonicalLocales(unpacked(code))[0] !== Intl.getCanonicalLocales(code)[0];
  });
  assert.deepEqual(different, COUNTED_AS_ANOTHER);
});
