// WebVTT from containers: valid settings and plain emphasis are kept (WebVTT sections 4.2.2 and 4.4).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { matroskaWebvttReader, webmWebvttReader } from '../../../src/media/subtitles/webvtt-event.ts';

function matroska(text: string, addition?: string) {
  const block = { startMs: 0, endMs: 1, payload: Buffer.from(text) };
  return matroskaWebvttReader(addition === undefined ? block : { ...block, addition: Buffer.from(addition) });
}

suite('settings', () => {
  const ROWS: { stated: string; kept: string }[] = [
    { stated: 'line:0 position:50% size:80% align:start', kept: 'line:0 position:50% size:80% align:start' },
    { stated: 'line:-1', kept: 'line:-1' },
    { stated: 'line:12.5%,center', kept: 'line:12.5%,center' },
    { stated: 'position:10%,line-left', kept: 'position:10%,line-left' },
    { stated: 'vertical:rl\talign:end', kept: 'vertical:rl align:end' },
    { stated: 'region:top line:0', kept: 'line:0' },
    { stated: 'position:50', kept: '' },
    { stated: 'size:-1%', kept: '' },
    { stated: 'align:middle', kept: '' },
    { stated: 'line:0\r\nidentifier\ncomment', kept: 'line:0' },
    { stated: 'LINE:0 line: 0 color:red', kept: '' },
    { stated: '', kept: '' },
  ];
  for (const { stated, kept } of ROWS)
    test(JSON.stringify(stated), () => assert.deepEqual(matroska('a', stated), { settings: kept, text: 'a' }));

  test('no block addition', () => assert.deepEqual(matroska('a'), { settings: '', text: 'a' }));
});

suite('text', () => {
  const ROWS: { what: string; source: string; text: string }[] = [
    { what: 'emphasis', source: '<b>a</b><i>b</i>', text: '<b>a</b><i>b</i>' },
    { what: 'classes of emphasis', source: '<i.loud.red>a</i>', text: '<i>a</i>' },
    { what: 'classes', source: '<c.yellow.bg_blue>a</c>', text: 'a' },
    { what: 'voices', source: '<v.first Mary Ann>a</v>', text: 'a' },
    { what: 'languages and ruby', source: '<lang en-GB>a</lang> <ruby>b<rt>c</rt></ruby>', text: 'a bc' },
    { what: 'times', source: 'a <00:01.000>b <100:00:01.000>c', text: 'a b c' },
    { what: 'references stay', source: 'a &amp; b &lt;i&gt; &nbsp;c', text: 'a &amp; b &lt;i&gt; &nbsp;c' },
    { what: 'a sentence with a full stop behind a tag', source: '<i>a</i>.b', text: '<i>a</i>.b' },
    { what: 'unknown tags become visible', source: '<x>a', text: '&lt;x&gt;a' },
    {
      what: 'an arrow cannot begin a cue',
      source: 'a\n00:01.000 --> 00:02.000\nb',
      text: 'a\n00:01.000 --&gt; 00:02.000\nb',
    },
  ];
  for (const { what, source, text } of ROWS) test(what, () => assert.equal(matroska(source).text, text));
});

suite('WebM: identifier, settings, text', () => {
  const ROWS: { what: string; block: string; settings: string; text: string }[] = [
    { what: 'all three', block: 'id\nline:0\none\ntwo', settings: 'line:0', text: 'one\ntwo' },
    { what: 'text alone', block: '\n\none', settings: '', text: 'one' },
    { what: 'other line ends', block: 'id\r\nalign:end\r\none\rtwo', settings: 'align:end', text: 'one\ntwo' },
    { what: 'no text', block: 'id\nline:0', settings: 'line:0', text: '' },
    { what: 'nothing', block: '', settings: '', text: '' },
  ];
  for (const { what, block, settings, text } of ROWS)
    test(what, () =>
      assert.deepEqual(webmWebvttReader({ startMs: 0, endMs: 1, payload: Buffer.from(block) }), { settings, text }),
    );
});
