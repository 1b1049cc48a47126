// Sources whose tracks differ from what their headers suggest: all frames of the right track, at the right times.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { beepsIn } from '../support/judges/beeps.ts';
import { range } from '../support/clips/clip-facts.ts';
import { samplesOf } from '../support/judges/decode.ts';
import { framesOfPart, openFilm, shownFrames } from '../support/judges/shown-frames.ts';
import { FRAMES, RATE, trackClip, type TrackClip } from '../support/clips/track-clips.ts';
import { startServer } from '../support/servers/server-process.ts';
import { membersOf } from '../support/viewers/viewer.ts';

/** Expected state of the copied rendition: present, or the reason why it is not. */
type Copied = 'copied' | RegExp;

const WHICH_VIDEO: [clip: TrackClip, copied: Copied][] = [
  ['still-first-mp4', 'copied'],
  ['still-first-mov', 'copied'],
  ['still-first-mkv', 'copied'],
  ['still-first-wmv', /wmv2/],
  ['png-first-mkv', 'copied'],
  ['few-first-mp4', 'copied'],
  ['few-first-fragmented-mp4', 'copied'],
  ['few-first-mkv', 'copied'],
  ['few-first-ts', 'copied'],
];
const WHICH_OF_TWO: [clip: TrackClip, copied: Copied][] = [
  ['second-default-mkv', 'copied'],
  ['second-default-mp4', 'copied'],
  ['two-programmes-ts', 'copied'],
  ['crossed-programmes-ts', 'copied'],
  ['two-programmes-m2ts', 'copied'],
];
const LATE_STREAMS: [clip: TrackClip, copied: Copied][] = [
  ['h264-flv', 'copied'],
  ['sorenson-flv', /flv1/],
  ['mpeg1-mpg', /mpeg1video/],
  ['mpeg2-mpg', /mpeg2video/],
  ['mpeg2-plain-mpg', /mpeg2video/],
  ['dvd-vob', /mpeg2video/],
];
const CHANGES: [clip: TrackClip, copied: Copied][] = [
  ['two-entries-same-size', /the coding of the video changes on the way/],
  ['two-entries-other-size', /the coding of the video changes on the way/],
  ['two-entries-other-aspect', /the coding of the video changes on the way/],
  ['two-entries-in-band', /the coding of the video changes on the way/],
  ['change-in-band-mkv', /the coding of the video changes on the way/],
  ['joined-ts', 'copied'],
  ['change-in-band-ts', /the coding of the video changes on the way/],
];
const HIDDEN_SETS: [clip: TrackClip, copied: Copied][] = [
  ['in-band-avc3-mp4', 'copied'],
  ['in-band-hev1-mp4', 'copied'],
  ['in-band-avc-mkv', 'copied'],
  ['in-band-hevc-mkv', 'copied'],
];
const FALSE_TIMES: [clip: TrackClip, copied: Copied][] = [
  ['no-composition-times-mp4', /does not say when its pictures are shown/],
  ['no-composition-times-two-mp4', /does not say when its pictures are shown/],
  ['no-composition-times-hevc-mp4', /does not say when its pictures are shown/],
  ['no-composition-times-mkv', /does not say when its pictures are shown/],
  ['no-b-frames-mp4', 'copied'],
];

const MAX_REORDER = 3;

/** The demuxer returns the last frames under the old ids at the end of the source only: the frame before them stays displayed. */
const LATE_PICTURES = 2;

function missingFrom(shown: readonly (number | undefined)[], expected: readonly number[]): number[] {
  return expected.filter((frame) => !shown.includes(frame));
}

/** On each route of a new server: the frames of a segment in the middle, then every frame once and in order. */
async function checkPlays(name: TrackClip, copied: Copied): Promise<void> {
  const path = await trackClip(name);
  await using server = await startServer();
  const film = await openFilm(server.url, path);
  assert.equal(Math.round(Number(film.info['durationSeconds']) * 10), (FRAMES / RATE) * 10);
  const { original, rung, muxed } = film.routes;
  const why = JSON.stringify(film.info['why']);
  if (copied === 'copied') assert.ok(original !== undefined, why);
  else assert.match(why, copied);
  for (const route of [original, rung, muxed]) {
    if (route === undefined) continue;
    const { shown, first, count } = await framesOfPart(film, route, RATE);
    const [begin = -1] = shown;
    // EXTINF of the muxed route counts decode time: its first segment is shorter by the reorder depth.
    assert.ok(begin === first || (route === muxed && begin > first && begin - first <= MAX_REORDER), `${begin}`);
    assert.deepEqual(shown, range(begin, begin + count), `pictures of a part of ${route}`);
    assert.deepEqual(await shownFrames(film, route), range(0, FRAMES), `pictures of ${route}`);
  }
}

suite('films with tracks out of the ordinary', { concurrency: 2 }, () => {
  test('the moving video is played, not a still or three frames before it', async (t) => {
    for (const [name, copied] of WHICH_VIDEO) await t.test(name, () => checkPlays(name, copied));
  });

  test('of two videos the default one is played, and of two programmes one', async (t) => {
    for (const [name, copied] of WHICH_OF_TWO) await t.test(name, () => checkPlays(name, copied));
  });

  test('streams that a demuxer detects only while it reads are played', async (t) => {
    for (const [name, copied] of LATE_STREAMS) await t.test(name, () => checkPlays(name, copied));
  });

  test('video whose coding changes is played completely, in one size', async (t) => {
    for (const [name, copied] of CHANGES) await t.test(name, () => checkPlays(name, copied));
  });

  test('a configuration without parameter sets is completed from the first picture', async (t) => {
    for (const [name, copied] of HIDDEN_SETS) await t.test(name, () => checkPlays(name, copied));
  });

  test('frames whose presentation times equal their decode times are shown in order', async (t) => {
    for (const [name, copied] of FALSE_TIMES) await t.test(name, () => checkPlays(name, copied));
  });

  test('a source whose packet ids change continues, video and audio', async () => {
    await using server = await startServer();
    const film = await openFilm(server.url, await trackClip('other-ids-ts'));
    assert.ok(Math.abs(Number(film.info['durationSeconds']) - FRAMES / RATE) < 0.1);
    const { original = '', rung, muxed } = film.routes;
    for (const route of [original, rung, muxed]) {
      const { shown, first, count } = await framesOfPart(film, route, RATE);
      const expected = range(first + MAX_REORDER, first + count);
      assert.ok(missingFrom(shown, expected).length <= LATE_PICTURES, `a part of ${route}`);
      const whole = await shownFrames(film, route);
      const missing = missingFrom(whole, range(0, FRAMES));
      assert.ok(missing.length <= LATE_PICTURES, `missing on ${route}: ${missing.join()}`);
      assert.deepEqual(
        whole,
        whole.toSorted((a = 0, b = 0) => a - b),
      );
    }
    const beeps = beepsIn(await samplesOf(`${film.url}/audio-0/playlist.m3u8`));
    assert.equal(beeps.length, FRAMES / RATE);
    for (const [second, beep] of beeps.entries())
      assert.ok(Math.abs(beep.seconds - second) <= 1 / RATE, `beep ${second} at ${beep.seconds}`);
  });

  test('audio of another programme is not played', async () => {
    await using server = await startServer();
    for (const name of ['two-programmes-ts', 'crossed-programmes-ts', 'two-programmes-m2ts'] as const) {
      const { info } = await openFilm(server.url, await trackClip(name));
      const streams = Array.isArray(info['availableStreams']) ? info['availableStreams'].map(membersOf) : [];
      assert.deepEqual(
        streams.map(({ language }) => language),
        ['fra'],
        name,
      );
      assert.equal(info['audioIndex'], 0);
    }
  });
});
