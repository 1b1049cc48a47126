// Names that are safe on Linux, macOS and Windows, from names that a caller wants.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { baseName, clipName, numberedName } from '../../../src/media/clip/clip-name.ts';

suite('safe names', () => {
  const ROWS: { what: string; wanted: string; expected: string }[] = [
    { what: 'plain', wanted: 'A film (2020)', expected: 'A film (2020)' },
    { what: 'other scripts', wanted: 'Амели 映画 ♥', expected: 'Амели 映画 ♥' },
    { what: 'a path stays in its directory', wanted: '../../etc/passwd', expected: '_.._etc_passwd' },
    { what: 'a path of Windows', wanted: 'C:\\Users\\x', expected: 'C__Users_x' },
    { what: 'characters that Windows forbids', wanted: 'a<b>c:"d"|e?f*', expected: 'a_b_c__d__e_f_' },
    { what: 'line breaks and zeros', wanted: 'a\nb\u0000c\u007f', expected: 'a_b_c_' },
    { what: 'a hidden file', wanted: '...hidden', expected: 'hidden' },
    { what: 'dots and spaces at the end', wanted: 'name. . ', expected: 'name' },
    { what: 'several spaces', wanted: ' a \u00a0\u3000 b ', expected: 'a b' },
    { what: 'the extension is added later', wanted: 'film.MP4', expected: 'film' },
    { what: 'the extension alone', wanted: '.mp4', expected: 'fallback' },
    { what: 'another extension stays', wanted: 'film.mkv', expected: 'film.mkv' },
    { what: 'a device of Windows', wanted: 'con', expected: '_con' },
    { what: 'a device with an extension', wanted: 'LPT1.old.mp4', expected: '_LPT1.old' },
    { what: 'a device by a superscript digit', wanted: 'COM²', expected: '_COM²' },
    { what: 'a device behind dots', wanted: '..nul', expected: '_nul' },
    { what: 'a name that begins like a device', wanted: 'console', expected: 'console' },
    { what: 'a writing direction that hides the extension', wanted: 'a\u202egpj.exe', expected: 'agpj.exe' },
    { what: 'characters without width', wanted: 'a\u200b\ufeff\u00adb', expected: 'ab' },
    { what: 'composed and decomposed letters are one name', wanted: 'e\u0301', expected: '\u00e9' },
    { what: 'half of a surrogate pair', wanted: 'a\ud800b', expected: 'a\ufffdb' },
    { what: 'nothing', wanted: '', expected: 'fallback' },
    { what: 'dots and spaces', wanted: ' . .. ', expected: 'fallback' },
  ];
  for (const { what, wanted, expected } of ROWS) test(what, () => assert.equal(clipName(wanted, 'fallback'), expected));

  test('the fallback is made safe as well', () => assert.equal(clipName('', 'a/b'), 'a_b'));
  test('without both there is a name', () => assert.equal(clipName('..', ''), 'clip'));
});

suite('length', () => {
  // 200 bytes of UTF-8 at most, cut between characters as they are seen.
  const ROWS: { what: string; wanted: string; expected: string }[] = [
    { what: '200 bytes', wanted: 'x'.repeat(200), expected: 'x'.repeat(200) },
    { what: 'a byte more', wanted: 'x'.repeat(201), expected: 'x'.repeat(200) },
    { what: 'a character of two bytes at the end', wanted: `${'x'.repeat(199)}é`, expected: 'x'.repeat(199) },
    { what: 'a space at the cut', wanted: `${'x'.repeat(199)} y`, expected: 'x'.repeat(199) },
    { what: 'the extension does not count', wanted: `${'x'.repeat(200)}.mp4`, expected: 'x'.repeat(200) },
    { what: 'dots before the name do not count', wanted: `..${'x'.repeat(200)}`, expected: 'x'.repeat(200) },
    {
      what: 'a flag, which is two characters of four bytes',
      wanted: `${'x'.repeat(193)}🇩🇪`,
      expected: 'x'.repeat(193),
    },
  ];
  for (const { what, wanted, expected } of ROWS)
    test(what, () => {
      const name = clipName(wanted, '');
      assert.equal(name, expected);
      assert.equal(clipName(name, ''), name);
    });
});

test('names of the same film are numbered', () => {
  assert.equal(numberedName('a', 1), 'a.mp4');
  assert.equal(numberedName('a', 2), 'a (2).mp4');
});

suite('last part of a path', () => {
  for (const [path, expected] of [
    ['a/b/c.mkv', 'c.mkv'],
    ['C:\\films\\c.mkv', 'c.mkv'],
    ['a\\b/c', 'c'],
    ['c', 'c'],
    ['a/', ''],
    ['', ''],
  ] as const)
    test(JSON.stringify(path), () => assert.equal(baseName(path), expected));
});
