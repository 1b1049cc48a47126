import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDecodingStart } from '../../../src/media/bitstream/decoding-start.ts';
import {
  annexBToSample,
  annexBUnits,
  isIdr,
  normalizeLengths,
  sampleFromUnits,
  sampleToAnnexB,
  sampleUnits,
  startsWithStartCode,
  withoutParameterSets,
} from '../../../src/media/bitstream/nal-units.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const hexOf = (units: Uint8Array[]): string[] => units.map((unit) => Buffer.from(unit).toString('hex'));

test('units are found behind start codes of three and four bytes, without the zeros around them', () => {
  assert.deepEqual(
    hexOf(annexBUnits(bytes('000001 09f0 00000001 6742 00000000000001 68ce 0000 000001 65880000030001 00 00'))),
    ['09f0', '6742', '68ce', '65880000030001'],
  );
});

test('bytes before the first start code, empty units and streams without a start code give nothing', () => {
  assert.deepEqual(hexOf(annexBUnits(bytes('ffff 000001 000001 41'))), ['41']);
  assert.deepEqual(annexBUnits(bytes('ffffff')), []);
  assert.equal(annexBToSample(Buffer.alloc(0)).length, 0);
});

test('a byte stream becomes a sample and back', () => {
  const sample = annexBToSample(bytes('000001 6742 00000001 6588'));
  assert.equal(sample.toString('hex'), '0000000267420000000265' + '88');
  assert.equal(sampleToAnnexB(sample).toString('hex'), '0000000167420000000165' + '88');
});

test('lengths of one, two and three bytes become four', () => {
  const wanted = sampleFromUnits([bytes('6742'), bytes('6588')]);
  assert.ok(wanted.equals(normalizeLengths(bytes('02 6742 02 6588'), 1)));
  assert.ok(wanted.equals(normalizeLengths(bytes('0002 6742 0002 6588'), 2)));
  assert.ok(wanted.equals(normalizeLengths(bytes('000002 6742 000002 6588'), 3)));
  assert.equal(normalizeLengths(wanted, 4), wanted);
});

test('a unit that reaches past the end is left out', () => {
  assert.deepEqual(hexOf(sampleUnits(bytes('00000001 41 00000009 65'))), ['41']);
  assert.deepEqual(hexOf(sampleUnits(bytes('ffffffff 41'))), []);
});

test('a sample is an IDR by its first slice, not by what the container says', () => {
  const of = (...units: string[]): Buffer => sampleFromUnits(units.map(bytes));
  assert.ok(isIdr(of('09f0', '6742', '68ce', '0605', '6588'), 'h264'));
  assert.ok(!isIdr(of('09f0', '6742', '68ce', '0605', '4188'), 'h264'));
  assert.ok(isIdr(of('4001', '2601'), 'hevc'), 'IDR_W_RADL');
  assert.ok(!isIdr(of('2a01'), 'hevc'), 'CRA');
  assert.ok(!isIdr(Buffer.alloc(0), 'h264'));
});

test('the first bytes of a picture tell whether decoding can start there, in each form they are stored in', () => {
  const avc = { codec: 'h264', configuration: bytes('01640028ff') };
  const startCodes = { codec: 'h264', configuration: null };
  const short = { codec: 'h264', configuration: bytes('01640028fd') };
  const hvc = { codec: 'hevc', configuration: Buffer.concat([bytes('01'), Buffer.alloc(20), bytes('ff')]) };
  // The picture itself reaches far beyond what is known of it.
  assert.equal(isDecodingStart(bytes('00000002 0605 00010000 6588'), avc), true);
  assert.equal(isDecodingStart(bytes('00000002 0605 00010000 4188'), avc), false);
  assert.equal(isDecodingStart(bytes('00000002 0605 00010000 06'), avc), undefined);
  assert.equal(isDecodingStart(bytes('0002 0605 4000 6588'), short), true);
  assert.equal(isDecodingStart(bytes('000001 6742 000001 6588'), startCodes), true);
  assert.equal(isDecodingStart(bytes('000001 09f0 000001 4188'), startCodes), false);
  assert.equal(isDecodingStart(bytes('00010000 2a01'), hvc), true, 'CRA');
  assert.equal(isDecodingStart(bytes('00010000 0201'), hvc), false, 'TRAIL_R');
  assert.equal(isDecodingStart(Buffer.alloc(0), avc), undefined);
  assert.equal(isDecodingStart(Buffer.alloc(0), { codec: 'vp9', configuration: null }), true);
});

test('parameter sets and delimiters are dropped, what has none is returned as it is', () => {
  const kept = sampleFromUnits([bytes('0605'), bytes('6588')]);
  assert.deepEqual(
    withoutParameterSets(sampleFromUnits(['09f0', '6742', '68ce', '0605', '6588'].map(bytes)), 'h264'),
    kept,
  );
  assert.equal(withoutParameterSets(kept, 'h264'), kept);
});

test('a start code is told from a length', () => {
  assert.ok(startsWithStartCode(bytes('00000165')) && startsWithStartCode(bytes('0000000165')));
  assert.ok(!startsWithStartCode(bytes('0000000265')) && !startsWithStartCode(bytes('01640028')));
});
