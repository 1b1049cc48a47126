// The segment's clock and the entries of video tracks (RFC 9559 sections 5.1.2 and 5.1.4).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ID } from '../../../../src/media/index/matroska/matroska-ids.ts';
import { parseInfo, parseVideoTracks } from '../../../../src/media/index/matroska/matroska-tracks.ts';
import { element, float, number, text } from '../matroska-synthetic.ts';
import { viewOf } from '../view-of.ts';

const VIDEO = 1;
const AUDIO = 2;
const SUBTITLE = 17;
const METADATA = 33;

function entry(type: number, codec: string | undefined, ...more: Buffer[]): Buffer {
  const codecId = codec === undefined ? [] : [text(ID.codecId, codec)];
  return element(ID.trackEntry, number(ID.trackType, type), ...codecId, ...more);
}

function video(...more: Buffer[]): Buffer {
  return entry(VIDEO, 'V_VP9', number(ID.trackNumber, 7), ...more);
}

suite('clock', () => {
  const ROWS: { what: string; info: Buffer[]; base: [num: number, den: number]; seconds: number | undefined }[] = [
    { what: 'nothing stated: milliseconds', info: [], base: [1, 1000], seconds: undefined },
    { what: 'a duration in milliseconds', info: [float(ID.duration, 61_500)], base: [1, 1000], seconds: 61.5 },
    {
      what: 'ticks of 22,675 nanoseconds',
      info: [number(ID.timestampScale, 22_675), float(ID.duration, 40_000)],
      base: [907, 40_000_000],
      seconds: 0.907,
    },
    { what: 'ticks of seconds', info: [number(ID.timestampScale, 1e9)], base: [1, 1], seconds: undefined },
    {
      what: 'a scale of zero: milliseconds',
      info: [number(ID.timestampScale, 0)],
      base: [1, 1000],
      seconds: undefined,
    },
    { what: 'an empty scale: milliseconds', info: [element(ID.timestampScale)], base: [1, 1000], seconds: undefined },
    { what: 'no duration is zero', info: [float(ID.duration, 0)], base: [1, 1000], seconds: undefined },
    { what: 'a negative duration', info: [float(ID.duration, -5)], base: [1, 1000], seconds: undefined },
    { what: 'a duration that is no number', info: [float(ID.duration, NaN)], base: [1, 1000], seconds: undefined },
  ];
  for (const { what, info, base, seconds } of ROWS)
    test(what, () => {
      const [num, den] = base;
      assert.deepEqual(parseInfo(viewOf(...info)), { timeBase: { num, den }, durationSeconds: seconds });
    });

  test('the source has no information', () =>
    assert.deepEqual(parseInfo(undefined), { timeBase: { num: 1, den: 1000 }, durationSeconds: undefined }));
});

suite('numbers of streams', () => {
  // libavformat's, from node-av with files of such entries.
  const ROWS: { what: string; before: Buffer[]; expected: number }[] = [
    { what: 'none before', before: [], expected: 0 },
    {
      what: 'audio and subtitles before',
      before: [entry(AUDIO, 'A_AAC'), entry(SUBTITLE, 'S_TEXT/UTF8')],
      expected: 2,
    },
    { what: 'metadata before', before: [entry(METADATA, 'D_WEBVTT/METADATA')], expected: 1 },
    { what: 'a codec that libavformat does not know', before: [entry(AUDIO, 'A_NEW')], expected: 1 },
    { what: 'an entry of unknown type is skipped', before: [entry(3, 'V_VP9'), entry(18, 'S_VOBBTN')], expected: 0 },
    { what: 'an entry without a codec is skipped', before: [entry(AUDIO, undefined)], expected: 0 },
    { what: 'an entry with an empty codec is skipped', before: [entry(AUDIO, ''), entry(AUDIO, '\0')], expected: 0 },
    {
      what: 'entries whose codec has another type are skipped',
      before: [entry(AUDIO, 'V_VP9'), entry(SUBTITLE, 'A_AAC'), entry(VIDEO, 'S_TEXT/UTF8'), entry(METADATA, 'X')],
      expected: 0,
    },
    { what: 'elements that are no entries', before: [element(0xec), number(ID.trackNumber, 1)], expected: 0 },
  ];
  for (const { what, before, expected } of ROWS)
    test(what, () =>
      assert.deepEqual(
        parseVideoTracks(viewOf(...before, video())).map(({ streamIndex, number: own }) => [streamIndex, own]),
        [[expected, 7]],
      ),
    );

  test('a video entry without a number, or with zero, counts as a stream and is no track', () => {
    const entries = [entry(VIDEO, 'V_VP9'), entry(VIDEO, 'V_VP9', number(ID.trackNumber, 0)), video()];
    assert.deepEqual(
      parseVideoTracks(viewOf(...entries)).map(({ streamIndex }) => streamIndex),
      [2],
    );
  });
  test('there are no tracks', () => assert.deepEqual(parseVideoTracks(undefined), []));
});

suite('video tracks', () => {
  const DEFAULTS = {
    streamIndex: 0,
    number: 7,
    isDefault: true,
    isStillCodec: false,
    uid: undefined,
    frameRate: undefined,
    hasPlainTimestamps: true,
    hasPlainFrames: true,
  };
  const coded = (codec: string) => entry(VIDEO, codec, number(ID.trackNumber, 7));
  const ROWS: { what: string; entry: Buffer; differs: Partial<typeof DEFAULTS> | { uid: string } }[] = [
    { what: 'nothing stated', entry: video(), differs: {} },
    { what: 'the flag of the default', entry: video(number(ID.flagDefault, 1)), differs: {} },
    { what: 'not the default', entry: video(number(ID.flagDefault, 0)), differs: { isDefault: false } },
    { what: 'an empty flag means the default', entry: video(element(ID.flagDefault)), differs: {} },
    { what: 'a cover', entry: coded('V_MJPEG'), differs: { isStillCodec: true } },
    { what: 'a picture', entry: coded('V_PNG'), differs: { isStillCodec: true } },
    { what: 'an identity', entry: video(number(ID.trackUid, 0xabc)), differs: { uid: 'abc' } },
    { what: 'as in AVI', entry: coded('V_MS/VFW/FOURCC'), differs: { hasPlainTimestamps: false } },
    {
      what: 'times that are scaled',
      entry: video(float(ID.trackTimestampScale, 1.001)),
      differs: { hasPlainTimestamps: false },
    },
    { what: 'a scale of one', entry: video(float(ID.trackTimestampScale, 1)), differs: {} },
    {
      what: 'compressed or encrypted frames',
      entry: video(element(ID.contentEncodings, element(ID.contentEncoding))),
      differs: { hasPlainFrames: false },
    },
  ];
  for (const { what, entry: own, differs } of ROWS)
    test(what, () => assert.deepEqual(parseVideoTracks(viewOf(own)), [{ ...DEFAULTS, ...differs }]));
});

suite('frame rates', () => {
  const ROWS: { what: string; nanoseconds: number; expected: [num: number, den: number] | undefined }[] = [
    { what: '25 frames a second', nanoseconds: 40_000_000, expected: [25, 1] },
    { what: '24,000 / 1001, cut off', nanoseconds: 41_708_333, expected: [24_000, 1001] },
    { what: '24', nanoseconds: 41_666_667, expected: [24, 1] },
    { what: '30,000 / 1001', nanoseconds: 33_366_667, expected: [30_000, 1001] },
    { what: '30', nanoseconds: 33_333_333, expected: [30, 1] },
    { what: '60,000 / 1001', nanoseconds: 16_683_333, expected: [60_000, 1001] },
    { what: '120', nanoseconds: 8_333_333, expected: [120, 1] },
    { what: '25 within a hundred-thousandth', nanoseconds: 40_000_400, expected: [25, 1] },
    { what: 'a ten-thousandth beside 25', nanoseconds: 40_004_000, expected: [250_000, 10_001] },
    { what: '12.5', nanoseconds: 80_000_000, expected: [25, 2] },
    { what: 'the highest', nanoseconds: 2_000_000, expected: [500, 1] },
    { what: 'a tick of a clock is no frame', nanoseconds: 1_000_000, expected: undefined },
    { what: 'the lowest', nanoseconds: 10_000_000_000, expected: [1, 10] },
    { what: 'a frame of more than ten seconds', nanoseconds: 10_000_000_001, expected: undefined },
    { what: 'zero', nanoseconds: 0, expected: undefined },
  ];
  for (const { what, nanoseconds, expected } of ROWS)
    test(what, () => {
      const [track] = parseVideoTracks(viewOf(video(number(ID.defaultDuration, nanoseconds))));
      assert.ok(track);
      assert.deepEqual(track.frameRate && [track.frameRate.num, track.frameRate.den], expected);
    });
});
