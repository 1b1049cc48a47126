// Events of ASS and SSA with the styles of their header: the forms that scripts in the wild have, and damaged ones.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { assReader } from '../../../src/media/subtitles/ass-event.ts';

const FIELDS = 'Format: Name, Fontname, Bold, Italic, Underline, Alignment';

function script(section: string, ...styles: string[]): string {
  return ['[Script Info]', section, FIELDS, ...styles, '[Events]'].join('\n');
}

const HEADER = script(
  '[V4+ Styles]',
  'Style: Default,Arial,0,0,0,2',
  'Style: Sign,Arial,-1,0,0,9',
  'Style: Thought,Arial,0,1,0,2',
);

/** `[settings, text]` of an event with that style and text. */
function content(text: string, { header = HEADER, style = 'Default' } = {}): [settings: string, text: string] {
  const event = { startMs: 0, endMs: 1, payload: Buffer.from(`1,0,${style},,0,0,0,,${text}`) };
  const { settings, text: shown } = assReader(Buffer.from(header), 'und')(event);
  return [settings, shown];
}

suite('styles of the header', () => {
  const ROWS: { what: string; header: string; style: string; expected: [settings: string, text: string] }[] = [
    { what: 'a style by name', header: HEADER, style: 'Sign', expected: ['line:0 align:right', '<b>a</b>'] },
    { what: 'a star before the name', header: HEADER, style: '*Sign', expected: ['line:0 align:right', '<b>a</b>'] },
    {
      what: 'an unknown name means Default',
      header: script('[V4+ Styles]', 'Style: Default,Arial,0,-1,0,8'),
      style: 'Unknown',
      expected: ['line:0', '<i>a</i>'],
    },
    { what: 'no header', header: '', style: 'Default', expected: ['', 'a'] },
    {
      what: 'SSA has other numbers: 6 is the top',
      header: script('[V4 Styles]', 'Style: Default,Arial,0,0,0,6'),
      style: 'Default',
      expected: ['line:0', 'a'],
    },
    {
      what: 'SSA: 9 is the middle on the left',
      header: script('[v4 styles]', 'Style: Default,Arial,0,0,0,9'),
      style: 'Default',
      expected: ['line:50% align:left', 'a'],
    },
    {
      what: 'the order of the fields is that of the format line',
      header: '[V4+ Styles]\r\nFormat:Alignment,Italic,Name\r\nStyle:7,-1,Default\r\n',
      style: 'Default',
      expected: ['line:0 align:left', '<i>a</i>'],
    },
    {
      what: 'a later style of the same name replaces the earlier one',
      header: script('[V4+ Styles]', 'Style: Default,Arial,-1,0,0,8', 'Style: Default,Arial,0,0,-1,2'),
      style: 'Default',
      expected: ['', '<u>a</u>'],
    },
    {
      what: 'a style that is cut short',
      header: script('[V4+ Styles]', 'Style: Default,Arial,-1'),
      style: 'Default',
      expected: ['', '<b>a</b>'],
    },
    {
      what: 'a style line outside of the styles',
      header: `[Script Info]\n${FIELDS}\nStyle: Default,Arial,-1,0,0,8`,
      style: 'Default',
      expected: ['', 'a'],
    },
    {
      what: 'an alignment that is no number',
      header: script('[V4+ Styles]', 'Style: Default,Arial,0,0,0,top'),
      style: 'Default',
      expected: ['', 'a'],
    },
  ];
  for (const { what, header, style, expected } of ROWS)
    test(what, () => assert.deepEqual(content('a', { header, style }), expected));
});

suite('overrides', () => {
  const ROWS: { what: string; text: string; style?: string; expected: [settings: string, text: string] }[] = [
    { what: 'several in one block', text: '{\\b1\\i1}a{\\b0}b', expected: ['', '<b><i>a</i></b><i>b</i>'] },
    { what: 'spaces between them', text: '{\\b1 \\i1 }a', expected: ['', '<b><i>a</i></b>'] },
    { what: 'a weight', text: '{\\b700}a{\\b400}b', expected: ['', '<b>a</b>b'] },
    {
      what: 'without a value: that of the style',
      text: '{\\i1}a{\\i}b{\\b}c',
      style: 'Thought',
      expected: ['', '<i>abc</i>'],
    },
    { what: 'switched off against the style', text: '{\\b0}a', style: 'Sign', expected: ['line:0 align:right', 'a'] },
    {
      what: 'back to the style of the line',
      text: '{\\b0\\i1}a{\\r}b',
      style: 'Sign',
      expected: ['line:0 align:right', '<i>a</i><b>b</b>'],
    },
    { what: 'another style keeps the position', text: '{\\rSign}a', expected: ['', '<b>a</b>'] },
    {
      what: 'an unknown style is that of the line',
      text: '{\\b0\\rUnknown}a',
      style: 'Sign',
      expected: ['line:0 align:right', '<b>a</b>'],
    },
    {
      what: 'tags that begin with the same letter',
      text: '{\\bord2\\blur1\\be1\\iclip(1,2,3,4)\\pos(1,2)\\alpha&HFF&\\pbo5}a',
      expected: ['', 'a'],
    },
    { what: 'tags inside an animation', text: '{\\t(0,500,\\b1\\clip(0,0,1,1)\\i1)}a', expected: ['', 'a'] },
    { what: 'an animation that is never closed', text: '{\\t(0,500,\\b1}a', expected: ['', 'a'] },
    { what: 'the first position counts', text: '{\\an7}a{\\an3}b', expected: ['line:0 align:left', 'ab'] },
    { what: 'an older position', text: '{\\a5}a', expected: ['line:0 align:left', 'a'] },
    { what: 'a position that is no key', text: '{\\an0}a', expected: ['', 'a'] },
    { what: 'a drawing', text: '{\\p1}m 0 0{\\p0}a', expected: ['', 'a'] },
    { what: 'a comment', text: 'a{note: b}c', expected: ['', 'ac'] },
    { what: 'an empty block', text: 'a{}b', expected: ['', 'ab'] },
    { what: 'braces that are never closed are text', text: '{\\i1 a', expected: ['', '{\\i1 a'] },
    { what: 'markup of other formats is text', text: '<i>a</i>', expected: ['', '&lt;i&gt;a&lt;/i&gt;'] },
    { what: 'lines and spaces', text: ' one\\Ntwo\\nthree\\hfour ', expected: ['', 'one\ntwo three&nbsp;four'] },
  ];
  for (const { what, text, style = 'Default', expected } of ROWS)
    test(what, () => assert.deepEqual(content(text, { style }), expected));
});

suite('events that are cut short', () => {
  for (const event of ['', ',', '1,0,Default,,0,0,0', '1,0,Default,,0,0,0,'])
    test(JSON.stringify(event), () => {
      const read = assReader(Buffer.from(HEADER), 'und');
      assert.deepEqual(read({ startMs: 0, endMs: 1, payload: Buffer.from(event) }).text, '');
    });
});
