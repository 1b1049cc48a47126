// SubRip text as the content of WebVTT cues: the tags that players interpret, and all else as text (WebVTT sections 4.2.2 and 4.4).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { subripContent, subripReader } from '../../../src/media/subtitles/subrip-event.ts';

interface Row {
  what: string;
  source: string;
  text: string;
  settings?: string;
}

function rows(list: Row[]): void {
  for (const { what, source, text, settings = '' } of list)
    test(what, () => assert.deepEqual(subripContent(source), { settings, text }));
}

suite('tags', () =>
  rows([
    { what: 'emphasis', source: '<b>a</b> <i>b</i> <u>c</u>', text: '<b>a</b> <i>b</i> <u>c</u>' },
    { what: 'capitals', source: '<I>a</I>', text: '<i>a</i>' },
    { what: 'crossed tags are nested', source: '<b>a<i>b</b>c</i>', text: '<b>a</b><b><i>b</i></b><i>c</i>' },
    { what: 'tags that repeat are closed as often', source: '<i><i>a</i>b</i>c', text: '<i>ab</i>c' },
    { what: 'a tag without an end', source: '<i>a', text: '<i>a</i>' },
    { what: 'an end without a start', source: '</i>a<i>b</i>', text: 'a<i>b</i>' },
    { what: 'fonts and strikes are dropped', source: '<font color="#ff0000">a</font> <s>b</s>', text: 'a b' },
    { what: 'attributes are dropped', source: '<i class="x">a</i>', text: '<i>a</i>' },
    { what: 'tags around nothing', source: '<b></b><i> </i>', text: '' },
    { what: 'other tags are text', source: '<script>a</script>', text: '&lt;script&gt;a&lt;/script&gt;' },
    { what: 'a tag of a longer name is text', source: '<br>', text: '&lt;br&gt;' },
    { what: 'comparisons are text', source: '1 < 2 > 0 --> x', text: '1 &lt; 2 &gt; 0 --&gt; x' },
  ]),
);

suite('positions', () =>
  rows([
    { what: 'keys of the keypad', source: '{\\an8}top', text: 'top', settings: 'line:0' },
    { what: 'a corner', source: '{\\an3}right', text: 'right', settings: 'align:right' },
    { what: 'the default', source: '{\\an2}bottom', text: 'bottom' },
    { what: 'the older numbers: 6 is the top', source: '{\\a6}top', text: 'top', settings: 'line:0' },
    { what: 'the older numbers in capitals', source: '{\\A6}top', text: 'top', settings: 'line:0' },
    { what: 'the older numbers: 10 is the middle', source: '{\\a10}middle', text: 'middle', settings: 'line:50%' },
    { what: 'the first position counts', source: '{\\an8}one{\\an1}two', text: 'onetwo', settings: 'line:0' },
    { what: 'a number that is no key', source: '{\\an0}text', text: 'text' },
    { what: 'other codes are dropped', source: '{\\pos(1,2)}text', text: 'text' },
    { what: 'braces without a code are text', source: '{text}', text: '{text}' },
    { what: 'a brace that is never closed is text', source: '{\\an8 text', text: '{\\an8 text' },
  ]),
);

suite('lines and characters', () =>
  rows([
    { what: 'lines', source: 'one\r\ntwo\rthree', text: 'one\ntwo\nthree' },
    { what: 'an empty line would end the cue', source: 'one\n \n\n<i>\ntwo\n</i>', text: 'one\n<i>two</i>' },
    { what: 'entities are decoded once', source: '&amp;lt; &lt;i&gt; &quot;', text: '&amp;lt; &lt;i&gt; "' },
    { what: 'unknown entities are text', source: '&euro; & co', text: '&amp;euro; &amp; co' },
    { what: 'hard spaces', source: 'a&nbsp;b\u00a0c', text: 'a&nbsp;b&nbsp;c' },
    { what: 'the writing direction stays', source: '\u202bא\u202c&rlm;', text: '\u202bא\u202c\u200f' },
    { what: 'control characters are removed', source: 'a\u0000\u0007\u001bb\u0085c', text: 'ab\nc' },
    { what: 'nothing', source: '', text: '' },
  ]),
);

test('text that is not UTF-8 has the encoding of its language', () => {
  const payload = Uint8Array.of(0xcf, 0xf0, 0xe8); // "При" in windows-1251
  assert.equal(subripReader('rus')({ startMs: 0, endMs: 1, payload }).text, 'При');
});
