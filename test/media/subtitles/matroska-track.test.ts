// The entry of a subtitle track: which one is meant, and how its blocks are packed (RFC 9559 section 5.1.4.1.31).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { deflateSync } from 'node:zlib';

import { ID } from '../../../src/media/index/matroska/matroska-ids.ts';
import { parseSubtitleTrack } from '../../../src/media/subtitles/matroska-track.ts';
import { element, number, text } from '../index/matroska-synthetic.ts';
import { viewOf } from '../index/view-of.ts';

const MAX_BYTES = 100;
const SUBTITLE = 17;
const METADATA = 33;

function entry(type: number, own: number, ...more: Buffer[]): Buffer {
  return element(ID.trackEntry, number(ID.trackType, type), number(ID.trackNumber, own), ...more);
}

function coded(codec: string): Buffer {
  return text(ID.codecId, codec);
}

function subtitle(own: number, ...more: Buffer[]): Buffer {
  return entry(SUBTITLE, own, coded('S_TEXT/UTF8'), ...more);
}

suite('ordinals', () => {
  // As libavformat counts streams of subtitles, from node-av with files of such entries.
  const ROWS: { what: string; entries: Buffer[]; ordinal: number; expected: number | undefined }[] = [
    { what: 'the first', entries: [subtitle(5), subtitle(6)], ordinal: 0, expected: 5 },
    { what: 'the second', entries: [subtitle(5), subtitle(6)], ordinal: 1, expected: 6 },
    { what: 'beyond the last', entries: [subtitle(5), subtitle(6)], ordinal: 2, expected: undefined },
    {
      what: 'video and audio do not count',
      entries: [entry(1, 1, coded('V_VP9')), entry(2, 2, coded('A_OPUS')), subtitle(5)],
      ordinal: 0,
      expected: 5,
    },
    {
      what: 'pictures count',
      entries: [entry(SUBTITLE, 5, coded('S_HDMV/PGS')), subtitle(6)],
      ordinal: 1,
      expected: 6,
    },
    {
      what: 'unknown codecs count',
      entries: [entry(SUBTITLE, 5, coded('S_NEW')), subtitle(6)],
      ordinal: 1,
      expected: 6,
    },
    { what: 'no codec does not count', entries: [entry(SUBTITLE, 5), subtitle(6)], ordinal: 0, expected: 6 },
    {
      what: 'an empty codec does not count',
      entries: [entry(SUBTITLE, 5, coded('')), subtitle(6)],
      ordinal: 0,
      expected: 6,
    },
    {
      what: 'a codec of audio does not count',
      entries: [entry(SUBTITLE, 5, coded('A_AAC')), subtitle(6)],
      ordinal: 0,
      expected: 6,
    },
    {
      what: 'WebVTT of WebM in metadata tracks counts',
      entries: [
        entry(METADATA, 4, coded('D_WEBVTT/CAPTIONS')),
        entry(METADATA, 5, coded('D_WEBVTT/METADATA')),
        subtitle(6),
      ],
      ordinal: 2,
      expected: 6,
    },
    {
      what: 'other metadata does not count',
      entries: [entry(METADATA, 4, coded('S_TEXT/UTF8')), entry(METADATA, 5, coded('D_WEBVTT/OTHER')), subtitle(6)],
      ordinal: 0,
      expected: 6,
    },
    {
      what: 'a track without a number counts, and cannot be read',
      entries: [subtitle(0), subtitle(6)],
      ordinal: 0,
      expected: undefined,
    },
    { what: 'no entries', entries: [], ordinal: 0, expected: undefined },
  ];
  for (const { what, entries, ordinal, expected } of ROWS)
    test(what, () => assert.equal(parseSubtitleTrack(viewOf(...entries), ordinal, MAX_BYTES)?.number, expected));

  test('the source has no tracks', () => assert.equal(parseSubtitleTrack(undefined, 0, MAX_BYTES), undefined));
});

suite('properties', () => {
  const DEFAULTS = { codecId: 'S_TEXT/UTF8', codecPrivate: '', defaultDurationMs: undefined };
  const ROWS: { what: string; more: Buffer[]; differs: Partial<typeof DEFAULTS> | { defaultDurationMs: number } }[] = [
    { what: 'nothing stated', more: [], differs: {} },
    {
      what: 'the header of a script',
      more: [text(ID.codecPrivate, '[Script Info]')],
      differs: { codecPrivate: '[Script Info]' },
    },
    { what: 'a duration', more: [number(ID.defaultDuration, 2_500_000_000)], differs: { defaultDurationMs: 2500 } },
    { what: 'a duration of zero', more: [number(ID.defaultDuration, 0)], differs: {} },
  ];
  for (const { what, more, differs } of ROWS)
    test(what, () => {
      const track = parseSubtitleTrack(viewOf(subtitle(5, ...more)), 0, MAX_BYTES);
      assert.ok(track);
      const { codecId, codecPrivate, defaultDurationMs } = track;
      assert.deepEqual(
        { codecId, codecPrivate: Buffer.from(codecPrivate).toString(), defaultDurationMs },
        { ...DEFAULTS, ...differs },
      );
    });
});

suite('packed blocks', () => {
  const encodings = (...children: Buffer[][]) =>
    element(ID.contentEncodings, ...children.map((each) => element(ID.contentEncoding, ...each)));
  const compression = (...children: Buffer[]) => element(ID.contentCompression, ...children);
  const algorithm = (value: number) => compression(number(ID.contentCompAlgo, value));
  const stripped = compression(number(ID.contentCompAlgo, 3), text(ID.contentCompSettings, 'he'));
  const packed = deflateSync('hello');
  const long = deflateSync('x'.repeat(MAX_BYTES + 1));
  const full = deflateSync('x'.repeat(MAX_BYTES));

  const ROWS: { what: string; more: Buffer[]; block: Buffer; expected: string | undefined }[] = [
    { what: 'plain', more: [], block: Buffer.from('hello'), expected: 'hello' },
    { what: 'zlib', more: [encodings([algorithm(0)])], block: packed, expected: 'hello' },
    { what: 'zlib, which is the default', more: [encodings([compression()])], block: packed, expected: 'hello' },
    {
      what: 'zlib, as an empty element',
      more: [encodings([compression(element(ID.contentCompAlgo))])],
      block: packed,
      expected: 'hello',
    },
    {
      what: 'zlib that is damaged',
      more: [encodings([algorithm(0)])],
      block: Buffer.from('hello'),
      expected: undefined,
    },
    {
      what: 'zlib that is cut off',
      more: [encodings([algorithm(0)])],
      block: packed.subarray(0, -6),
      expected: undefined,
    },
    {
      what: 'zlib as long as it may be',
      more: [encodings([algorithm(0)])],
      block: full,
      expected: 'x'.repeat(MAX_BYTES),
    },
    { what: 'zlib a byte too long', more: [encodings([algorithm(0)])], block: long, expected: undefined },
    { what: 'a stripped beginning', more: [encodings([stripped])], block: Buffer.from('llo'), expected: 'hello' },
    { what: 'nothing stripped', more: [encodings([algorithm(3)])], block: Buffer.from('hello'), expected: 'hello' },
    {
      what: 'blocks are packed, by the scope',
      more: [encodings([number(ID.contentEncodingScope, 3), algorithm(0)])],
      block: packed,
      expected: 'hello',
    },
    {
      what: 'blocks are packed, by an empty scope: its default is 1',
      more: [encodings([element(ID.contentEncodingScope), algorithm(0)])],
      block: packed,
      expected: 'hello',
    },
    {
      what: 'private bytes alone are packed',
      more: [encodings([number(ID.contentEncodingScope, 2), algorithm(0)])],
      block: Buffer.from('hello'),
      expected: 'hello',
    },
  ];
  for (const { what, more, block, expected } of ROWS)
    test(what, () => {
      const track = parseSubtitleTrack(viewOf(subtitle(5, ...more)), 0, MAX_BYTES);
      assert.ok(track);
      const payload = track.unpack(block);
      assert.equal(payload && Buffer.from(payload).toString(), expected);
    });

  // Tracks that cannot be read.
  const REFUSED: { what: string; encoding: Buffer[][] }[] = [
    { what: 'bzlib', encoding: [[algorithm(1)]] },
    { what: 'LZO', encoding: [[algorithm(2)]] },
    { what: 'an algorithm that does not exist', encoding: [[algorithm(4)]] },
    { what: 'encryption', encoding: [[number(ID.contentEncodingType, 1)]] },
    { what: 'encryption with a compression', encoding: [[number(ID.contentEncodingType, 1), algorithm(0)]] },
    { what: 'neither compression nor encryption', encoding: [[]] },
    { what: 'two compressions', encoding: [[algorithm(0)], [stripped]] },
  ];
  for (const { what, encoding } of REFUSED)
    test(what, () =>
      assert.equal(parseSubtitleTrack(viewOf(subtitle(5, encodings(...encoding))), 0, MAX_BYTES), undefined),
    );
});
